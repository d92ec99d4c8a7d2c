#include "node-agent/state/wedged.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/fixable_error.h"
#include "node-agent/state/utc_time.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

constexpr int kVersion = 1;

}  // namespace

WedgedCards::WedgedCards(std::filesystem::path file, std::string boot)
    : file_(std::move(file)), boot_(std::move(boot)) {
  const auto text = read_file(file_);
  if (!text) return;
  try {
    const auto document = ordered_json::parse(*text);
    if (document.at("version") != kVersion) throw Error(Fault::io, "it is of another version");
    if (document.at("boot") != boot_) return;
    for (const auto& [pci, wedge] : document.at("cards").items()) {
      cards_[PciAddress::parse(pci)] = {.since = wedge.at("since").get<std::string>(),
                                        .step = wedge.at("step").get<std::string>()};
    }
  } catch (const std::exception& error) {  // of nlohmann, or of PciAddress
    throw FixableError(
        Fault::io,
        "not a record of wedged cards: " + quote(file_.native()) + " (" + error.what() + ")",
        "reboot the host and move it away");
  }
}

std::optional<Wedge> WedgedCards::find(const PciAddress& pci) const {
  const auto found = cards_.find(pci);
  return found == cards_.end() ? std::nullopt : std::optional(found->second);
}

void WedgedCards::refuse(const PciAddress& pci) const {
  if (const auto wedge = find(pci)) throw Error(Fault::refused, sentence(*wedge));
}

void WedgedCards::mark(const PciAddress& pci, const std::string& step) {
  cards_[pci] = {.since = utc_now(), .step = step};
  auto cards = ordered_json::object();
  for (const auto& [card, wedge] : cards_) {
    cards[card.sysfs()] = {{"since", wedge.since}, {"step", wedge.step}};
  }
  const ordered_json document{{"version", kVersion}, {"boot", boot_}, {"cards", cards}};
  // A step may quote libvirt, and so hold any bytes; JSON holds UTF-8.
  replace_file(file_, document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

std::string words(const Wedge& wedge) {
  return "wedged since " + wedge.since + " (no end of: " + wedge.step + ")";
}

std::string sentence(const Wedge& wedge) { return words(wedge) + "; " + std::string(kWedgedFix); }

}  // namespace cluster::agent
