#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/pci_address.h"
#include "node-agent/cards/cards.h"
#include "node-agent/state/state_file.h"

namespace cluster::agent {

/// Which driver each detached function had before: kept in one file, so that attach can tell
/// whether the right one came back, also after a crash or a reboot. The file is
///   {"version": 1, "drivers": {"0000:02:00.0": "nvidia", "0000:02:00.1": null},
///    "cards": {"gpupci1": "0000:02:00.0"}, "giving_back": ["0000:02:00.0"]}
/// where `cards` says whose functions these are, each card by the address of its first function
/// when that was written; and every change replaces it whole. Whoever changes it holds the lock
/// (lock.h).
class SavedDrivers {
 public:
  /// nothing: the function had no driver.
  using Driver = std::optional<std::string>;

  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  explicit SavedDrivers(std::filesystem::path file);

  /// Whether the function was detached, as far as is known.
  bool has(const PciAddress& pci) const { return drivers_.contains(pci); }

  /// The driver that was saved of a function; nothing when it had none, or none was saved.
  Driver find(const PciAddress& pci) const;

  /// Whether what is saved of this card's slot is of another card, which is missing: it says
  /// nothing of this one. Of a file that is older than `cards` it is not known, and taken for this
  /// card's.
  bool is_of_another(const Card& card) const;

  /// Every function that is to be detached, or given back.
  std::vector<PciAddress> functions() const;

  /// Whether the function is to be given back: this was begun, and did not end well or at all.
  bool giving_back(const PciAddress& pci) const { return giving_back_.contains(pci); }

  /// Notes that those of them that were saved are to be given back. Throws Error(io).
  void begin_giving_back(const std::vector<PciAddress>& functions);

  /// Saves some more of a card, on disk when it returns. Throws Error(io).
  void save(const Card& card, const std::map<PciAddress, Driver>& drivers);

  /// Forgets a function. Throws Error(io).
  void forget(const PciAddress& pci);

  /// Takes what is saved along to where each card is now, by the address of its first function.
  /// Once more changes nothing, so that a kill before the names are stored does no harm. Throws
  /// Error(io).
  void follow(const std::map<GpuName, PciAddress>& cards);

 private:
  void write() const;

  StateFile file_;
  std::map<PciAddress, Driver> drivers_;
  std::map<GpuName, PciAddress> cards_;  // where each was when its drivers were written
  std::set<PciAddress> giving_back_;     // each is one of drivers_
};

}  // namespace cluster::agent
