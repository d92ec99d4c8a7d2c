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
///    "cards": {"gpupci1": "0000:02:00.0"}, "overrides": {"0000:02:00.1": "none"},
///    "giving_back": ["0000:02:00.0"], "given_up": "6c0f...",
///    "machine": "9c0b..."}
/// where `cards` says to which card these functions belong; each card stands there with the address
/// that its first function had when that was written. Every change replaces the file whole. A
/// caller that changes it holds the lock (lock.h).
class SavedDrivers {
 public:
  /// An absent driver means that the function had none.
  using Driver = std::optional<std::string>;

  /// The drivers of a card that are to be saved. An override is what the operator wrote into
  /// driver_override of a function; functions without one are left out.
  struct Of {
    const Card& card;
    std::map<PciAddress, Driver> drivers{};
    std::map<PciAddress, std::string> overrides{};
  };

  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  /// A record of another machine than `machine` (Environment::machine()) is left aside: this one is
  /// empty then, and is_foreign() is true.
  explicit SavedDrivers(std::filesystem::path file, std::string machine = {});

  bool is_foreign() const { return foreign_; }

  /// True if the function was detached, as far as is known.
  bool has(const PciAddress& pci) const { return drivers_.contains(pci); }

  /// The driver that was saved for a function; nothing when it had none, or none was saved.
  Driver find(const PciAddress& pci) const;

  /// The driver_override that was saved for a function; nothing when it had none.
  std::optional<std::string> driver_override(const PciAddress& pci) const;

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

  /// Notes that a step through libvirt was given up in this boot (Environment::boot_id()), which
  /// libvirt may still take. It is written with the next change.
  void note_given_up(const std::string& boot) { given_up_ = boot; }

  /// True if such a step was given up in this boot.
  bool given_up(const std::string& boot) const { return !boot.empty() && given_up_ == boot; }

  /// Adds drivers of cards to the record, which is on disk when it returns. Throws Error(io).
  void save(const std::vector<Of>& cards);

  /// Forgets functions. Throws Error(io).
  void forget(const std::vector<PciAddress>& functions);

  /// Moves each record to the place where its card is now, by the address of the first function. A
  /// second call changes nothing, so a kill before the names are stored does no harm. Throws
  /// Error(io).
  void follow(const std::map<GpuName, PciAddress>& cards);

 private:
  void add(const Of& saved);
  void write() const;

  StateFile file_;
  std::map<PciAddress, Driver> drivers_;
  std::map<PciAddress, std::string> overrides_;  // each is of one of drivers_
  std::map<GpuName, PciAddress> cards_;          // where each was when its drivers were written
  std::string given_up_;                         // the boot
  bool foreign_ = false;
  std::set<PciAddress> giving_back_;  // each is one of drivers_
};

}  // namespace cluster::agent
