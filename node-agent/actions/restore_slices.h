#pragma once

#include "node-agent/actions/table.h"

namespace cluster::agent {

/// Makes again what a reboot took, and ends what a kill cut short: first the virtual functions of
/// each card, then the vGPUs with the UUIDs and leases that they had. A driver that comes late is
/// waited for. Tells what it did, or what it could not do and why, and returns the exit status.
/// Takes the lock.
int restore_slices(const Call& call);

}  // namespace cluster::agent
