#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/pci_address.h"
#include "node-agent/environment.h"
#include "node-agent/kernel/sysfs.h"
#include "node-agent/reason.h"
#include "node-agent/state/state_file.h"

namespace cluster::agent {

/// A card whose step did not end: a task of the kernel waits for the card for ever.
struct Wedge {
  std::string since;   ///< "2026-11-21T01:20:00Z"
  std::string step;    ///< "echo 0000:02:00.0 > /sys/bus/pci/drivers/nvidia/unbind"
  long long task = 0;  ///< the process that is stuck in it, "gpupci-worker"; 0 when it is not ours
};

/// The cards that are wedged. Nothing is tried with them until the kernel has finished after all,
/// which is looked for at each call, or until a reboot.
/// The record is one file, which names the boot that it is about; a file from another boot counts
/// as absent.
///   {"version": 1, "boot": "6c0f...", "cards": {"0000:02:00.0": {"since": "...", "step": "...",
///    "task": 812}}}
class WedgedCards {
 public:
  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  WedgedCards(std::filesystem::path file, std::string boot);

  /// The same for a host. The kernel may have finished with a card since; then it is not wedged any
  /// more: its process has ended, and the kernel answers about each of its functions again.
  explicit WedgedCards(const Environment& environment);

  /// Looks whether that is so; this takes up to a second for a function that is still stuck.
  void look_again(const Sysfs& sysfs, const std::filesystem::path& proc);

  /// Writes what look_again() found, where it found something. Throws Error(io).
  void store() const;

  /// The wedge of the card with this first function; nothing when the card is not wedged.
  std::optional<Wedge> find(const PciAddress& pci) const;

  /// Throws Error(refused), with the way out, when the card with this first function is wedged.
  void refuse(const PciAddress& pci) const;

  /// True if any card of the host is wedged.
  bool any() const { return !cards_.empty(); }

  /// Marks the card with this first function as wedged. `task` is the process of ours that is
  /// stuck; 0 when there is none. The mark is on disk when it returns. Throws Error(io).
  void mark(const PciAddress& pci, const std::string& step, long long task = 0);

 private:
  void write() const;

  StateFile file_;
  std::string boot_;
  std::map<PciAddress, Wedge> cards_;
  bool changed_ = false;
};

/// The way out for a card that is wedged.
inline constexpr std::string_view kWedgedFix = "reboot the host";

/// "wedged since 2026-11-21T01:20:00Z (no end of: echo ...)", with that way out.
Reason reason(const Wedge& wedge);

}  // namespace cluster::agent
