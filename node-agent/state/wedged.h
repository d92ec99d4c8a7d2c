#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/pci_address.h"
#include "node-agent/state/state_file.h"

namespace cluster::agent {

/// A card whose step did not end: a task of the kernel waits on it, for ever.
struct Wedge {
  std::string since;  ///< "2026-11-21T01:20:00Z"
  std::string step;   ///< "echo 0000:02:00.0 > /sys/bus/pci/drivers/nvidia/unbind"
};

/// Which cards are wedged: only a reboot helps them, so nothing is tried with them until then. Kept
/// in one file, which tells the boot it speaks of; one of another boot is as if it were not there.
///   {"version": 1, "boot": "6c0f...", "cards": {"0000:02:00.0": {"since": "...", "step": "..."}}}
class WedgedCards {
 public:
  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  WedgedCards(std::filesystem::path file, std::string boot);

  /// Whether the card with this first function is wedged, and since when.
  std::optional<Wedge> find(const PciAddress& pci) const;

  /// Throws Error(refused), with the way out, when the card with this first function is wedged.
  void refuse(const PciAddress& pci) const;

  /// Whether any card of the host is.
  bool any() const { return !cards_.empty(); }

  /// Marks the card with this first function, on disk when it returns. Throws Error(io).
  void mark(const PciAddress& pci, const std::string& step);

 private:
  StateFile file_;
  std::string boot_;
  std::map<PciAddress, Wedge> cards_;
};

/// "wedged since 2026-11-21T01:20:00Z (no end of: echo ...)"
std::string what(const Wedge& wedge);

/// What can be done about it.
inline constexpr std::string_view kWedgedFix = "reboot the host";

/// Both: "wedged since 2026-11-21T01:20:00Z (no end of: echo ...); reboot the host"
std::string message(const Wedge& wedge);

}  // namespace cluster::agent
