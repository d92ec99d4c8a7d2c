#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "frontend/guests/guest_report.h"

// The known reasons why a card does not work in a guest, by the words that drivers say. The words
// are those of NVIDIA's drivers 470 to 595 and of Linux 5.10 to 6.19.
namespace cluster::frontend {

/// What is wrong, and what would be right.
struct GuestFault {
  std::string reason;
  std::string fix;
  bool warns = false;  ///< it may be no fault of the card's
  /// Who has it answers to nobody: where nvidia-smi answers, it is over.
  bool silences = false;
};

/// True if it is a device of NVIDIA's.
inline bool is_nvidia(const GuestDevice& device) { return device.vendor == "10de"; }

/// True if `piece` is in the text.
inline bool mentions(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

/// The way out when a card wants a reset.
inline constexpr const char* kResetCard =
    "stop the VM, reset or power-cycle the container, start it again";

/// The way out when NVIDIA's driver, or a part of it, is not in the guest.
std::string to_install(const GuestReport& report, const std::string& vm);

/// A region of a card has no address: what firmware and kernel of the guest left out.
GuestFault unplaced(const std::string& what, const std::string& vm);

/// The card answers no more.
GuestFault fell_off(const std::string& container);

/// The card sleeps in D3cold.
GuestFault asleep(const std::string& container);

/// Why the driver that should hold the device does not; nothing when it does.
std::optional<GuestFault> driver_fault(const GuestReport& report, const GuestDevice& device,
                                       bool is_gpu, const std::string& vm);

/// The worst that the kernel's log says of an NVIDIA card; nothing when it says nothing.
std::optional<GuestFault> log_fault(const GuestReport& report, const GuestDevice& gpu,
                                    const std::string& container);

/// What nvidia-smi's complaint depends on.
struct SmiContext {
  std::string vm, container;
  bool has_unplaced = false;
  std::optional<GuestFault> log;
};

/// Why nvidia-smi does not answer for the card; nothing when it does.
std::optional<GuestFault> smi_fault(const GuestReport& report, const GuestDevice& gpu,
                                    const SmiContext& context);

/// What nvidia-smi says of the card, "NVIDIA L4, 580.95.05"; "" = nothing, or that it does not
/// know.
std::string smi_line(const GuestReport& report, const GuestDevice& gpu);

}  // namespace cluster::frontend
