#pragma once

#include <map>
#include <string>
#include <vector>

#include "db/inventory.h"

namespace cluster::frontend {

/// Where VMs have the devices of their hosts, by "pci_0000_02_00_0" or the UUID of a mediated
/// device.
using GuestPlaces = std::map<HostName, std::map<std::string, PciAddress>>;

/// Renders those of `vms` that hold devices, as `report vm config` does. Of a VM that cannot be
/// rendered nothing is known, and a line in `notes` says why.
GuestPlaces guest_places(Inventory& inventory, const std::vector<Vm>& vms,
                         std::vector<std::string>& notes);

}  // namespace cluster::frontend
