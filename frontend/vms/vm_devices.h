#pragma once

#include <string>
#include <vector>

#include "frontend/vms/vm_batch.h"

// Devices of a container that a domain has without the inventory: they are not free.
namespace cluster::frontend {

/// Stores what the containers that answered said of such devices. A device does not count while
/// the inventory gives it to that VM, or gave it at the last define: the next one takes it away.
void remember_devices(Context& context, const VmBatch& all);

/// A line for each card of the VMs that are to start and that such a domain has as well.
std::vector<std::string> shared_cards(Inventory& inventory, const VmBatch& all);

}  // namespace cluster::frontend
