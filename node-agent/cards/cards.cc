#include "node-agent/cards/cards.h"

#include <algorithm>
#include <span>
#include <string>

#include "core/error.h"
#include "core/hex.h"
#include "node-agent/cards/belonging.h"

namespace cluster::agent {
namespace {

bool contains(const std::vector<std::uint16_t>& ids, std::uint16_t id) {
  return std::ranges::find(ids, id) != ids.end();
}

bool is_of_slot_before(const PciAddress& one, const PciAddress& other) {
  return one < other && !one.same_slot(other);
}

PciModel model(const PciFunction& function) { return {function.vendor, function.device}; }

bool named(const NamedDevices& devices, const Sysfs& sysfs, const PciAddress& pci) {
  if (std::ranges::find(devices.addresses, pci) != devices.addresses.end()) return true;
  if (devices.models.empty()) return false;
  const auto function = sysfs.read(pci);
  return devices.has(pci, {function.vendor, function.device});
}

// The class is read first: of the hundred functions of a host few have a class of cards, so few are
// read further. Throws Error when it cannot be read.
bool makes_a_card(const Sysfs& sysfs, const Settings& settings, const PciAddress& pci) {
  if (named(settings.devices, sysfs, pci)) return !sysfs.is_virtual(pci);
  const auto device_class = sysfs.device_class(pci);
  if (!device_class || !contains(settings.classes, *device_class)) return false;
  const auto function = sysfs.read(pci);
  return contains(settings.vendors, function.vendor) && !sysfs.is_virtual(pci) &&
         !is_management_display(sysfs, function);
}

// The functions of one host, and the troubles with them.
class Finder {
 public:
  Finder(const Sysfs& sysfs, const Settings& settings, std::vector<std::string>& troubles)
      : sysfs_(sysfs), settings_(settings), troubles_(troubles) {}

  // Those of the functions that make a slot a card, by the settings.
  std::vector<PciAddress> makers(const std::vector<PciAddress>& functions) {
    std::vector<PciAddress> found;
    for (const auto& pci : functions) {
      if (makes_one(pci)) found.push_back(pci);
    }
    return found;
  }

  // Returns the functions of the slot that belong together; none when the slot is no card.
  Card card(std::span<const PciAddress> functions, std::vector<PciAddress> makers) {
    Card card{GpuName("gpupci"), {}};
    Slot slot{.functions = {}, .makers = std::move(makers)};
    for (const auto& pci : functions) read(pci, slot);
    if (has_ignored_gpu(slot)) return card;
    std::erase_if(slot.makers, [&](auto& pci) { return !can_make_one(pci, slot); });
    if (slot.makers.empty()) return card;
    for (const auto& function : slot.functions) {
      if (auto why = left_to_host(function, slot, sysfs_, settings_)) {
        if (settings_.belongs(function.pci, model(function)) == true) say_of_bridge(function);
        card.left_out.push_back({function, std::move(*why)});
      } else {
        card.functions.push_back(function);
      }
    }
    return card;
  }

 private:
  bool makes_one(const PciAddress& pci) {
    try {
      return makes_a_card(sysfs_, settings_, pci);
    } catch (const Error& error) {
      say(std::string(error.what()) + "; it is in no card");
      return false;
    }
  }

  void read(const PciAddress& pci, Slot& slot) {
    try {
      if (!sysfs_.is_virtual(pci)) slot.functions.push_back(sysfs_.read(pci));
    } catch (const Error& error) {
      slot.unread = true;
      say(std::string(error.what()) + "; it is in no card");
    }
  }

  bool makes(const PciFunction& function, const Slot& slot) const {
    return std::ranges::find(slot.makers, function.pci) != slot.makers.end();
  }

  // The rest of a slot is no card without the GPU that is to be ignored.
  bool has_ignored_gpu(const Slot& slot) const {
    return std::ranges::any_of(slot.functions, [&](auto& function) {
      return is_gpu(function) && makes(function, slot) &&
             settings_.ignore.has(function.pci, model(function));
    });
  }

  bool can_make_one(const PciAddress& pci, const Slot& slot) {
    const auto function = std::ranges::find(slot.functions, pci, &PciFunction::pci);
    if (function == slot.functions.end() || settings_.ignore.has(pci, model(*function))) {
      return false;
    }
    if (!is_bridge(sysfs_, *function)) return true;
    say_of_bridge(*function);
    return false;
  }

  void say_of_bridge(const PciFunction& function) {
    if (!is_bridge(sysfs_, function)) return;
    say(function.pci.sysfs() + " is a bridge (class " + hex4(function.device_class) +
        "), which no VM can have; it is in no card, whatever the settings say");
  }

  void say(const std::string& trouble) {
    if (std::ranges::find(troubles_, trouble) == troubles_.end()) troubles_.push_back(trouble);
  }

  const Sysfs& sysfs_;
  const Settings& settings_;
  std::vector<std::string>& troubles_;
};

}  // namespace

std::string_view kind(const PciFunction& function) {
  if (function.device_class >> 8U == 0x03) return "video";
  switch (function.device_class) {
    case 0x0403:
      return "audio";
    case 0x0c03:
      return "usb";
    case 0x0700:
    case 0x0c80:
      return "serial";
    default:
      return "function";
  }
}

std::string Card::label() const {
  return slice ? name.str() + "." + std::to_string(*slice) : name.str();
}

bool is_detached(const PciFunction& function, const Settings& settings) {
  return function.driver && settings.is_stub(*function.driver);
}

std::set<int> iommu_groups(const Card& card) {
  std::set<int> groups;
  for (const auto& function : card.functions) {
    if (function.iommu_group) groups.insert(*function.iommu_group);
  }
  return groups;
}

bool has(const Card& card, const PciAddress& pci) {
  return std::ranges::find(card.functions, pci, &PciFunction::pci) != card.functions.end();
}

std::vector<Card> find_cards(const Sysfs& sysfs, const Settings& settings,
                             std::vector<std::string>& troubles) {
  std::vector<Card> cards;
  Finder finder(sysfs, settings, troubles);
  const auto all = sysfs.functions();
  const auto makers = finder.makers(all);
  sysfs.learn_header_types(makers);
  // The functions are sorted by address, so those of one slot are neighbours.
  for (auto first = makers.begin(); first != makers.end();) {
    const auto is_other = [&](const PciAddress& pci) { return !first->same_slot(pci); };
    const auto last = std::find_if(first, makers.end(), is_other);
    const auto slot = std::equal_range(all.begin(), all.end(), *first, is_of_slot_before);
    auto card = finder.card({slot.first, slot.second}, {first, last});
    if (!card.functions.empty()) {
      card.name = GpuName("gpupci" + std::to_string(cards.size() + 1));
      cards.push_back(std::move(card));
    }
    first = last;
  }
  return cards;
}

std::vector<Card> find_cards(const Sysfs& sysfs, const Settings& settings) {
  std::vector<std::string> troubles;
  return find_cards(sysfs, settings, troubles);
}

}  // namespace cluster::agent
