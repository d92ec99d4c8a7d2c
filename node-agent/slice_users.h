#pragma once

#include "node-agent/guard.h"

namespace cluster::agent {

/// The slices that are made from a card and go with its driver: virtual functions (`sriov_numvfs`,
/// Documentation/ABI/testing/sysfs-bus-pci) and mediated devices (`mdev_supported_types/*/devices`,
/// Documentation/driver-api/vfio-mediated-device.rst).
Culprits slice_users(const Card& card, const Ground& ground);

}  // namespace cluster::agent
