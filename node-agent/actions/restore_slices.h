#pragma once

#include "node-agent/actions/table.h"

namespace cluster::agent {

/// Makes again what was lost in a reboot, and finishes what a kill cut short. The virtual functions
/// of each card come first, then the vGPUs with the UUIDs and leases that they had. It waits for a
/// driver that comes late. It prints what it did, or what it could not do and why, and returns the
/// exit status. It takes the lock.
int restore_slices(const Call& call);

}  // namespace cluster::agent
