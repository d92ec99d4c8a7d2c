#pragma once

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// The slices that are made from a card and go with its driver: virtual functions (`sriov_numvfs`,
/// Documentation/ABI/testing/sysfs-bus-pci) and mediated devices (`mdev_supported_types/*/devices`,
/// Documentation/driver-api/vfio-mediated-device.rst). Of a virtual function of NVIDIA's driver it
/// is the vGPU that it has, and of a single one that it can have one, which vfio-pci could not run.
Culprits slice_users(const Card& card, const GuardInput& input);

}  // namespace cluster::agent
