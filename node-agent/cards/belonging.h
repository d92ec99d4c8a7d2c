#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node-agent/kernel/sysfs.h"
#include "node-agent/settings.h"

namespace cluster::agent {

/// The functions of a PCI slot of which one makes a card. The slots of APUs, SoCs and chipsets have
/// functions that are the machine's: USB controllers, a security processor, disks, bridges. So a
/// function belongs to the GPU of its slot only when GPUs bring such functions.
struct Slot {
  std::vector<PciFunction> functions;  ///< all that can be read, by address
  std::vector<PciAddress> makers;      ///< those that make the slot a card, by the settings
  bool unread = false;                 ///< true when there is one more, which cannot be read
};

/// The reason why `function` of the slot is left to the host: "it is of another vendor (1022)".
/// Nothing when it belongs to the card: what makes it a card, and beside a display or accelerator
/// what belongs to it. On a discrete card that is everything of its vendor; in the slot of an APU,
/// which has functions of another vendor, it is other displays and sound. `functions` and `ignore`
/// of the settings come first. A bridge never belongs.
std::optional<std::string> left_to_host(const PciFunction& function, const Slot& slot,
                                        const Sysfs& sysfs, const Settings& settings);

/// True if it is a display or a processing accelerator (class 03xx, 12xx).
bool is_gpu(const PciFunction& function);

/// True if the function is a bridge of the machine, by its header or by its class (06xx).
/// NVSwitches are no bridges, although they are of class 0680: their header is an ordinary one.
bool is_bridge(const Sysfs& sysfs, const PciFunction& function);

/// True if the function is the display of a management controller (BMC, DRAC, iLO, RSA) by a vendor
/// of GPUs. It shows the host's own console to whoever manages the host.
bool is_management_display(const Sysfs& sysfs, const PciFunction& function);

}  // namespace cluster::agent
