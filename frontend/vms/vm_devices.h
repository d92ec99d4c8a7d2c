#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontend/vms/vm_batch.h"

// Devices that a domain has without the inventory: those of a container are not free, and one that
// is not in its configuration goes when it stops.
namespace cluster::frontend {

/// Stores what the containers that answered said of such devices. A device does not count while
/// the inventory gives it to that VM, or gave it at the last define: the next one takes it away.
void remember_devices(Context& context, const VmBatch& all);

/// Asks the containers for the documents of their running VMs, of tasks and of found ones.
void look_at_running(Context& context, VmBatch& all);

/// What `domain` of `there` runs with and loses when it stops, as it was plugged into it alone:
/// "runs with disk vdb, ..."; nothing when there is no such device.
std::optional<std::string> plugged_in(const VmHost& there, const virt::Domain& domain);

/// A line for each card of the VMs that are to start and that such a domain has as well.
std::vector<std::string> shared_cards(Inventory& inventory, const VmBatch& all);

}  // namespace cluster::frontend
