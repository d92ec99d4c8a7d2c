#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/pci_address.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The bridges above a function, the nearest first; none on a root bus. In sysfs the folder of a
/// function lies in that of the bridge above it (Documentation/PCI/sysfs-pci.rst).
std::vector<PciAddress> bridges_above(const Sysfs& sysfs, const PciAddress& pci);

/// Every function below a bridge, at any depth, by address. A reset of the bus below a bridge hits
/// all of them and nothing else (pci_bridge_secondary_bus_reset of drivers/pci/pci.c).
std::vector<PciAddress> functions_below(const Sysfs& sysfs, const PciAddress& bridge);

/// The topmost port of the switch that sits on the card of this function, which is what the slot
/// sees; the function itself when the card has no such switch. Radeons have had one since Vega,
/// and Intel's Arc cards have one. `vendor` is the function's.
PciAddress upstream_port(const Sysfs& sysfs, const PciAddress& pci, std::uint16_t vendor);

}  // namespace cluster::agent
