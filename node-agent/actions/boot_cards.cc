#include "node-agent/actions/boot_cards.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/cards/belonging.h"
#include "node-agent/cards/slices.h"
#include "node-agent/guard/guard.h"
#include "node-agent/kernel/modules_alias.h"
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
           is_detached(function, settings);
  });
}

// A driver for displays and their sound can stay out of a host that has none. One for USB or disks
// may be needed by what is plugged in tomorrow.
bool may_stay_out(const PciFunction& function) {
  constexpr std::uint16_t kAudio = 0x0403;
  constexpr std::uint16_t kUsbC = 0x0c80;
  return is_gpu(function) || function.device_class == kAudio || function.device_class == kUsbC;
}

class Finder {
 public:
  explicit Finder(const Call& call)
      : call_(call),
        card_list_(call.environment, call.err, true),
        saved_(call.environment.saved_drivers, call.environment.machine()),
        aliases_file_(modules_alias_file(call.environment.modules, call.environment.proc)),
        aliases_(aliases_file_) {}

  BootCards find() {
    all_ = card_list_.pick("all");
    found_.cards = all_;
    const auto is_taken = [&](auto& card) { return detached(card, card_list_.settings(), saved_); };
    if (std::ranges::any_of(found_.cards, is_taken)) {
      std::erase_if(found_.cards, [&](auto& card) { return !is_taken(card); });
    }
    add_slices(all_, sysfs());
    find_needed();
    find_consoles();
    find_models();
    find_modules();
    return found_;
  }

 private:
  const Sysfs& sysfs() const { return card_list_.sysfs(); }

  // Whoever is asked for the card would refuse it. At a boot nobody is asked.
  void find_needed() {
    const auto input = guard_input(call_.environment, sysfs(), card_list_.settings());
    for (const auto& card : all_) {
      if (is_detached(card.functions.front(), card_list_.settings())) continue;
      const auto why = need(Subject(card, all_, input));
      if (why.empty()) continue;
      for (const auto& function : card.functions) {
        const auto id = model(function);
        if (!of_host_.insert(id).second) continue;
        found_.needed.push_back(id + " (" + function.pci.sysfs() + "): " + why);
      }
      std::erase_if(found_.cards, [&](const Card& one) { return has(one, card.pci()); });
    }
  }

  void find_consoles() {
    const auto input = guard_input(call_.environment, sysfs(), card_list_.settings());
    for (const auto& card : found_.cards) {
      const Subject subject(card, all_, input);
      for (const auto* guard : guards()) {
        if (guard->at_boot != AtBoot::told) continue;
        for (const auto& reason : guard->probe(subject)) {
          found_.consoles.push_back(card.name.str() + ": " + reason.what);
        }
      }
    }
  }

  static std::string need(const Subject& subject) {
    try {
      for (const auto* guard : guards()) {
        if (guard->at_boot != AtBoot::left_out) continue;
        const auto reasons = guard->probe(subject);
        if (!reasons.empty()) return reasons.front().what;
      }
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  void find_models() {
    std::set<std::string> models;
    for (const auto& card : found_.cards) {
      for (const auto& function : card.functions) {
        if (!of_host_.contains(model(function))) models.insert(model(function));
      }
    }
    for (const auto& pci : sysfs().functions()) {
      if (is_in(found_.cards, pci)) continue;
      const auto function = sysfs().find(pci);
      if (!function) continue;
      others_.push_back(*function);
      const auto id = model(*function);
      if (is_in(all_, pci)) {
        if (models.contains(id)) found_.twins.push_back(pci.sysfs());
      } else if (models.contains(id) || of_host_.contains(id)) {
        models.erase(id);
        if (of_host_.insert(id).second) found_.of_host.push_back(id + " (" + pci.sysfs() + ")");
      }
    }
    found_.ids = joined({models.begin(), models.end()}, ",");
  }

  void find_modules() {
    std::set<std::string> modules;
    std::set<std::string> idle;
    for (const auto& card : found_.cards) {
      for (const auto& function : card.functions) {
        if (of_host_.contains(model(function))) continue;
        const auto names = modules_for(function);
        modules.insert(names.begin(), names.end());
        if (may_stay_out(function)) idle.insert(names.begin(), names.end());
      }
    }
    for (const auto& function : others_) {
      for (const auto& name : modules_for(function)) idle.erase(name);
    }
    if (!aliases_.is_read()) found_.missing_aliases = aliases_file_.native();
    found_.modules = {modules.begin(), modules.end()};
    const auto& where = call_.environment;
    const auto builtin = builtin_modules(where.modules, where.proc);
    std::ranges::set_intersection(modules, builtin, std::back_inserter(found_.builtin_modules));
    found_.vfio_is_builtin = builtin.contains("vfio_pci");
    for (const auto& name : found_.builtin_modules) idle.erase(name);
    found_.idle_modules = {idle.begin(), idle.end()};
  }

  // The modules that would take the function, and the one of its host driver now or before.
  std::vector<std::string> modules_for(const PciFunction& function) const {
    auto names = aliases_.modules(modalias(sysfs(), function.pci));
    const bool stub = is_detached(function, card_list_.settings());
    const auto driver = stub ? saved_.find(function.pci) : function.driver;
    if (driver) names.push_back(module_of(sysfs(), *driver));
    return names;
  }

  static bool is_in(const std::vector<Card>& cards, const PciAddress& pci) {
    return std::ranges::any_of(cards, [&](auto& card) { return has(card, pci); });
  }

  const Call& call_;
  CardList card_list_;
  SavedDrivers saved_;
  std::filesystem::path aliases_file_;
  ModulesAlias aliases_;
  std::vector<Card> all_;
  std::vector<PciFunction> others_;  // all functions of the host but those of the boot cards
  std::set<std::string> of_host_;
  BootCards found_;
};

}  // namespace

BootCards find_boot_cards(const Call& call) { return Finder(call).find(); }

std::string comment(const BootCards& found) {
  std::vector<std::string> names;
  for (const auto& card : found.cards) names.push_back(card.name.str());
  auto text = "# For " + (names.empty() ? "no card" : joined(names, ", ")) + ".\n";
  text +=
      "# ids= takes every device of a model, at whatever address; a card of the same model that\n"
      "# the host is to keep cannot be told from these. Then leave it out: gpupci --restore goes\n"
      "# by address.\n";
  if (!found.twins.empty()) {
    text += "# CAUTION, it takes these as well: " + joined(found.twins, ", ") + "\n";
  }
  for (const auto& model : found.of_host) {
    text += "# CAUTION, left out, as a device that is no card is one, too: " + model + ".\n";
  }
  for (const auto& one : found.needed) {
    text += "# CAUTION, left out, as the host needs it: " + one + ".\n";
  }
  for (const auto& one : found.consoles) {
    text += "# CAUTION, the host boots without its console there: " + one + ".\n";
  }
  if (found.ids.empty()) text += "# So there is no model to give to vfio-pci.\n";
  return text;
}

}  // namespace cluster::agent
