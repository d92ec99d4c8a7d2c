#pragma once

#include "frontend/vms/vm_batch.h"

// Partitions of NVIDIA's fabric manager: GPUs of a board with NVSwitches reach each other in a VM
// only while the partition that they are is active.
namespace cluster::frontend {

/// Asks the fabric managers of the containers for the partitions of those VMs that are to start
/// (VmTask::xml is set), and activates them. When a VM's GPUs are not its partition (F3), or it
/// cannot be activated (F4), that is the VM's failure.
void activate_partitions(Context& context, VmBatch& all, const ssh::Limits& limits);

/// Deactivates the partitions of VMs that were stopped. A partition that stays active is the VM's
/// failure, as no other VM can have its GPUs.
void release_partitions(Context& context, VmBatch& all, const ssh::Limits& limits);

}  // namespace cluster::frontend
