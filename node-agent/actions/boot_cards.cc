#include "node-agent/actions/boot_cards.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "core/hex.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/state/saved_drivers.h"

namespace cluster::agent {
namespace {

std::string model(const PciFunction& function) {
  return hex4(function.vendor) + ":" + hex4(function.device);
}

// The module of a driver. Its name may differ from that of the driver: bochs-drm is in bochs.
std::string module_of(const Sysfs& sysfs, const std::string& driver) {
  std::error_code missing;
  const auto link = std::filesystem::read_symlink(sysfs.driver_path(driver) / "module", missing);
  auto name = missing ? driver : link.filename().native();
  std::ranges::replace(name, '-', '_');
  return name;
}

bool detached(const Card& card, const Settings& settings, const SavedDrivers& saved) {
  return std::ranges::any_of(card.functions, [&](const PciFunction& function) {
    return (saved.has(function.pci) && !saved.is_of_another(card)) ||
           (function.driver && settings.is_stub(*function.driver));
  });
}

}  // namespace

BootCards find_boot_cards(const Call& call) {
  CardList card_list(call.environment, call.err, true);
  const SavedDrivers saved(call.environment.saved_drivers);
  BootCards found{.cards = card_list.pick("all"), .ids = {}, .modules = {}, .twins = {}};
  const auto is_detached = [&](auto& card) { return detached(card, card_list.settings(), saved); };
  if (std::ranges::any_of(found.cards, is_detached)) {
    std::erase_if(found.cards, [&](auto& card) { return !is_detached(card); });
  }
  std::set<std::string> models;
  std::set<std::string> modules;
  for (const auto& card : found.cards) {
    for (const auto& function : card.functions) {
      models.insert(model(function));
      const bool stub = function.driver && card_list.settings().is_stub(*function.driver);
      const auto driver = stub ? saved.find(function.pci) : function.driver;
      if (driver) modules.insert(module_of(card_list.sysfs(), *driver));
    }
  }
  for (const auto& pci : card_list.sysfs().functions()) {
    const bool ours = std::ranges::any_of(found.cards, [&](auto& card) { return has(card, pci); });
    if (!ours && models.contains(model(card_list.sysfs().read(pci))))
      found.twins.push_back(pci.sysfs());
  }
  found.ids = joined({models.begin(), models.end()}, ",");
  found.modules = {modules.begin(), modules.end()};
  return found;
}

std::string comment(const BootCards& found) {
  std::vector<std::string> names;
  for (const auto& card : found.cards) names.push_back(card.name.str());
  auto text = "# For " + joined(names, ", ") + ".\n";
  text +=
      "# ids= takes every device of a model, at whatever address; a card of the same model that\n"
      "# the host is to keep cannot be told from these. Then leave it out: gpupci --restore goes\n"
      "# by address.\n";
  if (!found.twins.empty()) {
    text += "# CAUTION, it takes these as well: " + joined(found.twins, ", ") + "\n";
  }
  return text;
}

}  // namespace cluster::agent
