#include "node-agent/state/names.h"

#include <algorithm>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/json_line.h"
#include "node-agent/state/name_pinning.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

std::optional<std::string> text_of(const ordered_json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
}

PciModel parse_model(const std::string& text) {
  const auto ids = split(text, ':');
  const auto vendor = parse_hex4(ids.front());
  const auto device = parse_hex4(ids.back());
  if (!vendor || !device) throw Error(Fault::io, "no model: " + quote(text));
  return {*vendor, *device};
}

KnownCard parse_card(const ordered_json& card) {
  return {.pci = PciAddress::parse(card.at("pci").get<std::string>()),
          .model = parse_model(card.at("model").get<std::string>()),
          .subsystem = text_of(card.at("subsystem")),
          .serial = {text_of(card.at("serial")), text_of(card.at("uuid"))},
          .missing = card.at("missing").get<bool>(),
          .device_class = text_of(card.value("class", ordered_json())),
          .revision = text_of(card.value("revision", ordered_json())),
          .slot = text_of(card.value("slot", ordered_json())),
          .iommu_group = text_of(card.value("iommu_group", ordered_json())),
          .functions = text_of(card.value("functions", ordered_json())),
          .in_doubt = card.value("in_doubt", false)};
}

std::string functions_of_slot(const PciAddress& pci, const Sysfs& sysfs) {
  std::vector<std::string> all;
  auto one = pci;
  for (one.function = 0; one.function < 8; ++one.function) {
    const auto id = [&](const char* name) {
      const auto text = sysfs.attribute(one, name).value_or("");
      return text.starts_with("0x") ? text.substr(2) : text;
    };
    if (!sysfs.device_class(one) || sysfs.is_virtual(one)) continue;
    all.push_back(std::to_string(one.function) + ":" + id("vendor") + ":" + id("device"));
  }
  return joined(all, " ");
}

}  // namespace

bool KnownCard::operator==(const KnownCard& other) const {
  return pci == other.pci && model == other.model && subsystem == other.subsystem &&
         serial.serial == other.serial.serial && serial.uuid == other.serial.uuid &&
         missing == other.missing && device_class == other.device_class &&
         revision == other.revision && slot == other.slot && iommu_group == other.iommu_group &&
         functions == other.functions && in_doubt == other.in_doubt;
}

KnownCard look_at(const Card& card, const Sysfs& sysfs, const std::filesystem::path& proc) {
  const auto& first = card.functions.front();
  const auto identity = read_ids(sysfs, first.pci);
  KnownCard seen{.pci = first.pci,
                 .model = {first.vendor, first.device},
                 .subsystem = std::nullopt,
                 .serial = read_serial(sysfs, proc, card),
                 .device_class = hex4(first.device_class),
                 .revision = identity.revision,
                 .slot = read_slot(sysfs, first.pci)};
  if (identity.subsystem_vendor && identity.subsystem_device) {
    seen.subsystem = *identity.subsystem_vendor + ":" + *identity.subsystem_device;
  }
  if (first.iommu_group) seen.iommu_group = std::to_string(*first.iommu_group);
  seen.functions = functions_of_slot(first.pci, sysfs);
  return seen;
}

Names::Names(std::filesystem::path file)
    : file_(std::move(file), "a record of names", "move it away, and the cards are numbered anew") {
  file_.read([this](const ordered_json& document) {
    boot_ = document.at("boot").get<std::string>();
    for (const auto& [name, card] : document.at("cards").items()) {
      known_.emplace(GpuName(name), parse_card(card));
    }
  });
}

void Names::give(std::vector<Card>& cards, const std::string& boot, bool closely, const Look& look,
                 const std::function<bool(const KnownCard&)>& is_there) {
  missing_ = known_;
  const auto at_its_place = [&](Card& card) {
    const PciModel model{card.functions.front().vendor, card.functions.front().device};
    const auto found = std::ranges::find_if(missing_, [&](const auto& entry) {
      return !entry.second.missing && entry.second.pci == card.pci() && entry.second.model == model;
    });
    if (found == missing_.end()) return false;
    card.name = found->first;
    missing_.erase(found);
    return true;
  };
  const bool known = !closely && boot == boot_ && std::ranges::all_of(cards, at_its_place);
  if (known) {
    std::erase_if(missing_, [&](const auto& entry) { return is_there(entry.second); });
    for (auto& [name, card] : known_) {
      changed_ = changed_ || card.missing != missing_.contains(name);
      card.missing = missing_.contains(name);
    }
  } else {
    Naming naming(known_, cards, look, is_there);
    missing_ = naming.missing();
    auto seen = naming.known();
    // Bus numbers change only while the host is off.
    for (auto& [name, card] : seen) {
      const auto before = known_.find(name);
      if (boot == boot_ && before != known_.end() && !before->second.in_doubt) {
        card.in_doubt = false;
      }
    }
    changed_ = seen != known_ || (boot != boot_ && !seen.empty());
    known_ = std::move(seen);
    boot_ = boot;
  }
  std::ranges::sort(cards, {}, &Card::name);
}

void Names::settle(const GpuName& card) {
  const auto found = known_.find(card);
  if (found != known_.end()) found->second.in_doubt = false;
}

void Names::save() {
  auto cards = ordered_json::object();
  for (const auto& [name, card] : known_) {
    cards[name.str()] = {{"pci", card.pci.sysfs()},
                         {"model", hex4(card.model.vendor) + ":" + hex4(card.model.device)},
                         {"subsystem", or_null(card.subsystem)},
                         {"serial", or_null(card.serial.serial)},
                         {"uuid", or_null(card.serial.uuid)},
                         {"missing", card.missing},
                         {"class", or_null(card.device_class)},
                         {"revision", or_null(card.revision)},
                         {"slot", or_null(card.slot)},
                         {"iommu_group", or_null(card.iommu_group)},
                         {"functions", or_null(card.functions)}};
    if (card.in_doubt) cards[name.str()]["in_doubt"] = true;
  }
  file_.write({{"boot", boot_}, {"cards", cards}});
  changed_ = false;
}

}  // namespace cluster::agent
