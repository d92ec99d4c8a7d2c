#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/pci_address.h"
#include "node-agent/state/state_file.h"

namespace cluster::agent {

/// A card whose step did not end: a task of the kernel waits for the card for ever.
struct Wedge {
  std::string since;  ///< "2026-11-21T01:20:00Z"
  std::string step;   ///< "echo 0000:02:00.0 > /sys/bus/pci/drivers/nvidia/unbind"
};

/// The cards that are wedged. Only a reboot helps them, so nothing is tried with them until then.
/// The record is one file, which names the boot that it is about; a file from another boot counts
/// as absent.
///   {"version": 1, "boot": "6c0f...", "cards": {"0000:02:00.0": {"since": "...", "step": "..."}}}
class WedgedCards {
 public:
  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  WedgedCards(std::filesystem::path file, std::string boot);

  /// The wedge of the card with this first function; nothing when the card is not wedged.
  std::optional<Wedge> find(const PciAddress& pci) const;

  /// Throws Error(refused), with the way out, when the card with this first function is wedged.
  void refuse(const PciAddress& pci) const;

  /// True if any card of the host is wedged.
  bool any() const { return !cards_.empty(); }

  /// Marks the card with this first function as wedged; the mark is on disk when it returns. Throws
  /// Error(io).
  void mark(const PciAddress& pci, const std::string& step);

 private:
  StateFile file_;
  std::string boot_;
  std::map<PciAddress, Wedge> cards_;
};

/// "wedged since 2026-11-21T01:20:00Z (no end of: echo ...)"
std::string what(const Wedge& wedge);

/// The way out of it.
inline constexpr std::string_view kWedgedFix = "reboot the host";

/// Both together: "wedged since 2026-11-21T01:20:00Z (no end of: echo ...); reboot the host"
std::string message(const Wedge& wedge);

}  // namespace cluster::agent
