#include "node-agent/saved_drivers.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

constexpr int kVersion = 1;

std::map<PciAddress, SavedDrivers::Driver> parse(const std::string& text) {
  const auto document = ordered_json::parse(text);
  if (document.at("version") != kVersion) throw Error(Fault::io, "it is of another version");
  std::map<PciAddress, SavedDrivers::Driver> drivers;
  for (const auto& [pci, driver] : document.at("drivers").items()) {
    drivers[PciAddress::parse(pci)] =
        driver.is_null() ? std::nullopt : std::optional(driver.get<std::string>());
  }
  return drivers;
}

}  // namespace

SavedDrivers::SavedDrivers(std::filesystem::path file) : file_(std::move(file)) {
  const auto text = read_file(file_);
  if (!text) return;
  try {
    drivers_ = parse(*text);
  } catch (const std::exception& error) {  // of nlohmann, or of PciAddress
    throw Error(Fault::io, "not a record of saved drivers: " + quote(file_.native()) + " (" +
                               error.what() + "); move it away");
  }
}

SavedDrivers::Driver SavedDrivers::find(const PciAddress& pci) const {
  const auto found = drivers_.find(pci);
  return found == drivers_.end() ? std::nullopt : found->second;
}

void SavedDrivers::save(const std::map<PciAddress, Driver>& drivers) {
  for (const auto& [pci, driver] : drivers) drivers_[pci] = driver;
  write();
}

void SavedDrivers::forget(const PciAddress& pci) {
  if (drivers_.erase(pci) != 0) write();
}

void SavedDrivers::write() const {
  if (drivers_.empty()) {
    std::filesystem::remove(file_);  // nothing is detached, so nothing is left behind
    return;
  }
  ordered_json drivers = ordered_json::object();
  for (const auto& [pci, driver] : drivers_) {
    drivers[pci.sysfs()] = driver ? ordered_json(*driver) : ordered_json(nullptr);
  }
  replace_file(file_, ordered_json{{"version", kVersion}, {"drivers", drivers}}.dump(2) + "\n");
}

}  // namespace cluster::agent
