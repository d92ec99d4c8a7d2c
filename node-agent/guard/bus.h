#pragma once

#include <optional>

#include "core/pci_address.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// True when a function has fallen off the bus: its configuration space reads as ones only. Nothing
/// when the kernel does not show that space.
std::optional<bool> has_fallen_off(const Sysfs& sysfs, const PciAddress& pci);

}  // namespace cluster::agent
