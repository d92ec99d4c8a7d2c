#include "node-agent/state/wedged.h"

#include "core/error.h"
#include "node-agent/json_line.h"
#include "node-agent/state/utc_time.h"

namespace cluster::agent {

using nlohmann::ordered_json;

WedgedCards::WedgedCards(std::filesystem::path file, std::string boot)
    : file_(std::move(file), "a record of wedged cards", "reboot the host and move it away"),
      boot_(std::move(boot)) {
  file_.read([this](const ordered_json& document) {
    if (document.at("boot") != boot_) return;
    for (const auto& [pci, wedge] : document.at("cards").items()) {
      cards_[PciAddress::parse(pci)] = {.since = wedge.at("since").get<std::string>(),
                                        .step = wedge.at("step").get<std::string>()};
    }
  });
}

std::optional<Wedge> WedgedCards::find(const PciAddress& pci) const {
  const auto found = cards_.find(pci);
  return found == cards_.end() ? std::nullopt : std::optional(found->second);
}

void WedgedCards::refuse(const PciAddress& pci) const {
  if (const auto wedge = find(pci)) throw Error(Fault::refused, message(*wedge));
}

void WedgedCards::mark(const PciAddress& pci, const std::string& step) {
  cards_[pci] = {.since = utc_now(), .step = step};
  auto cards = ordered_json::object();
  for (const auto& [card, wedge] : cards_) {
    cards[card.sysfs()] = {{"since", wedge.since}, {"step", wedge.step}};
  }
  file_.write({{"boot", boot_}, {"cards", cards}});
}

std::string what(const Wedge& wedge) {
  return "wedged since " + wedge.since + " (no end of: " + wedge.step + ")";
}

std::string message(const Wedge& wedge) { return what(wedge) + "; " + std::string(kWedgedFix); }

}  // namespace cluster::agent
