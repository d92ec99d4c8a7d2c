#include "node-agent/guard/guards.h"

#include <array>

namespace cluster::agent {
namespace {

// A new guard is a file, its name in guards.h, and a line here.
constexpr std::array kGuards{
    &kVmGuard,   &kBusGuard,     &kIommuGuard,   &kGroupGuard,       &kLinksGuard, &kSlicesGuard,
    &kDiskGuard, &kNetworkGuard, &kConsoleGuard, &kFramebufferGuard, &kFbdevGuard, &kHolderGuard,
};

}  // namespace

std::span<const Guard* const> guards() { return kGuards; }

}  // namespace cluster::agent
