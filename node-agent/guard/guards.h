#pragma once

#include "node-agent/guard/guard.h"

namespace cluster::agent {

// The guards, each in the file of its name.
extern const Guard kVmGuard;
extern const Guard kBusGuard;
extern const Guard kIommuGuard;
extern const Guard kGroupGuard;
extern const Guard kLinksGuard;
extern const Guard kSlicesGuard;
extern const Guard kDiskGuard;
extern const Guard kNetworkGuard;
extern const Guard kConsoleGuard;
extern const Guard kFramebufferGuard;
extern const Guard kFbdevGuard;
extern const Guard kHolderGuard;

}  // namespace cluster::agent
