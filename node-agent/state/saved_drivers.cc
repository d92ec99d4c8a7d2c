#include "node-agent/state/saved_drivers.h"

#include <algorithm>

#include "node-agent/json_line.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

std::map<PciAddress, SavedDrivers::Driver> drivers_in(const ordered_json& document) {
  std::map<PciAddress, SavedDrivers::Driver> drivers;
  for (const auto& [pci, driver] : document.at("drivers").items()) {
    drivers[PciAddress::parse(pci)] =
        driver.is_null() ? std::nullopt : std::optional(driver.get<std::string>());
  }
  return drivers;
}

}  // namespace

SavedDrivers::SavedDrivers(std::filesystem::path file, std::string machine)
    : file_(std::move(file), "a record of saved drivers", "move it away", std::move(machine)) {
  foreign_ = !file_.read([this](const ordered_json& document) {
    drivers_ = drivers_in(document);
    if (document.contains("cards")) {
      for (const auto& [name, pci] : document.at("cards").items()) {
        cards_.emplace(GpuName(name), PciAddress::parse(pci.get<std::string>()));
      }
    }
    if (document.contains("overrides")) {
      for (const auto& [pci, only] : document.at("overrides").items()) {
        overrides_[PciAddress::parse(pci)] = only.get<std::string>();
      }
    }
    given_up_ = document.value("given_up", "");
    if (!document.contains("giving_back")) return;
    for (const auto& pci : document.at("giving_back")) {
      giving_back_.insert(PciAddress::parse(pci.get<std::string>()));
    }
  });
}

SavedDrivers::Driver SavedDrivers::find(const PciAddress& pci) const {
  const auto found = drivers_.find(pci);
  return found == drivers_.end() ? std::nullopt : found->second;
}

std::optional<std::string> SavedDrivers::driver_override(const PciAddress& pci) const {
  const auto found = overrides_.find(pci);
  return found == overrides_.end() ? std::nullopt : std::optional(found->second);
}

bool SavedDrivers::is_of_another(const Card& card) const {
  const auto owner = std::ranges::find_if(
      cards_, [&](const auto& entry) { return entry.second.same_slot(card.pci()); });
  return !card.slice && owner != cards_.end() && owner->first != card.name;
}

void SavedDrivers::save(const std::vector<Of>& cards) {
  for (const auto& saved : cards) add(saved);
  write();
}

void SavedDrivers::add(const Of& saved) {
  const auto& card = saved.card;
  // A slice has the name of its card, but another address.
  if (!card.slice) {
    // The record of a card that was in this slot and has gone is overwritten.
    const auto here = [&](const PciAddress& pci) { return pci.same_slot(card.pci()); };
    if (is_of_another(card)) {
      std::erase_if(drivers_, [&](const auto& entry) { return here(entry.first); });
      std::erase_if(overrides_, [&](const auto& entry) { return here(entry.first); });
      std::erase_if(giving_back_, here);
    }
    std::erase_if(cards_, [&](const auto& other) { return here(other.second); });
    cards_.emplace(card.name, card.pci());
  }
  for (const auto& [pci, driver] : saved.drivers) {
    drivers_[pci] = driver;
    overrides_.erase(pci);
    giving_back_.erase(pci);
  }
  for (const auto& [pci, only] : saved.overrides) overrides_[pci] = only;
}

std::vector<PciAddress> SavedDrivers::functions() const {
  std::vector<PciAddress> all;
  for (const auto& [pci, driver] : drivers_) all.push_back(pci);
  return all;
}

void SavedDrivers::begin_giving_back(const std::vector<PciAddress>& functions) {
  const auto before = giving_back_.size();
  for (const auto& pci : functions) {
    if (has(pci)) giving_back_.insert(pci);
  }
  if (giving_back_.size() != before) write();
}

void SavedDrivers::forget(const std::vector<PciAddress>& functions) {
  bool had = false;
  for (const auto& pci : functions) {
    giving_back_.erase(pci);
    overrides_.erase(pci);
    had = drivers_.erase(pci) > 0 || had;
  }
  if (!had) return;
  const auto is_left = [&](const auto& card) {
    return std::ranges::any_of(drivers_,
                               [&](auto& entry) { return entry.first.same_slot(card.second); });
  };
  std::erase_if(cards_, [&](const auto& card) { return !is_left(card); });
  write();
}

void SavedDrivers::follow(const std::map<GpuName, PciAddress>& cards) {
  std::map<PciAddress, PciAddress> moved;  // by the address of a first function
  for (auto& [name, pci] : cards_) {
    const auto now = cards.find(name);
    if (now == cards.end() || now->second == pci) continue;
    moved[pci] = now->second;
    pci = now->second;
  }
  if (moved.empty()) return;
  const auto at = [&](const PciAddress& pci) {
    const auto slot =
        std::ranges::find_if(moved, [&](const auto& entry) { return entry.first.same_slot(pci); });
    auto there = slot == moved.end() ? pci : slot->second;
    there.function = pci.function;
    return there;
  };
  std::map<PciAddress, Driver> drivers;
  std::map<PciAddress, std::string> overrides;
  std::set<PciAddress> giving_back;
  for (const auto& [pci, driver] : drivers_) drivers[at(pci)] = driver;
  for (const auto& [pci, only] : overrides_) overrides[at(pci)] = only;
  for (const auto& pci : giving_back_) giving_back.insert(at(pci));
  drivers_ = drivers;
  overrides_ = overrides;
  giving_back_ = giving_back;
  write();
}

void SavedDrivers::write() const {
  if (drivers_.empty()) {
    file_.remove();  // nothing is detached, so nothing is left behind
    return;
  }
  ordered_json drivers = ordered_json::object();
  for (const auto& [pci, driver] : drivers_) drivers[pci.sysfs()] = or_null(driver);
  ordered_json cards = ordered_json::object();
  for (const auto& [name, pci] : cards_) cards[name.str()] = pci.sysfs();
  ordered_json document{{"drivers", drivers}, {"cards", cards}};
  for (const auto& [pci, only] : overrides_) document["overrides"][pci.sysfs()] = only;
  if (!given_up_.empty()) document["given_up"] = given_up_;
  for (const auto& pci : giving_back_) document["giving_back"].push_back(pci.sysfs());
  file_.write(document);
}

}  // namespace cluster::agent
