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

/// The driver that each detached function had before. It is kept in one file, so that attach can
/// tell whether the right driver came back, even after a crash or a reboot. The file is
///   {"version": 1, "drivers": {"0000:02:00.0": "nvidia", "0000:02:00.1": null},
///    "cards": {"gpupci1": "0000:02:00.0"}, "giving_back": ["0000:02:00.0"]}
/// where `cards` says to which card these functions belong; each card stands there with the address
/// that its first function had when that was written. Every change replaces the file whole. A
/// caller that changes it holds the lock (lock.h).
class SavedDrivers {
 public:
  /// An absent driver means that the function had none.
  using Driver = std::optional<std::string>;

  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  explicit SavedDrivers(std::filesystem::path file);

  /// True if the function was detached, as far as is known.
  bool has(const PciAddress& pci) const { return drivers_.contains(pci); }

  /// The driver that was saved for a function; nothing when it had none, or none was saved.
  Driver find(const PciAddress& pci) const;

  /// True if the record of this card's slot belongs to another card, which is missing. Such a
  /// record says nothing about this card. A file that is older than `cards` does not tell it; then
  /// the record counts as this card's.
  bool is_of_another(const Card& card) const;

  /// Every function that has a record: it is to be detached, or given back.
  std::vector<PciAddress> functions() const;

  /// True if the function is to be given back: this was begun, and it did not end well or did not
  /// end.
  bool giving_back(const PciAddress& pci) const { return giving_back_.contains(pci); }

  /// Notes which of them are to be given back: those that have a record. Throws Error(io).
  void begin_giving_back(const std::vector<PciAddress>& functions);

  /// Adds drivers of a card to the record, which is on disk when it returns. Throws Error(io).
  void save(const Card& card, const std::map<PciAddress, Driver>& drivers);

  /// Forgets a function. Throws Error(io).
  void forget(const PciAddress& pci);

  /// Moves each record to the place where its card is now, by the address of the first function. A
  /// second call changes nothing, so a kill before the names are stored does no harm. Throws
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
