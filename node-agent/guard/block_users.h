#pragma once

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// What the host does with the disks of a card (an NVMe for GPUDirect Storage): mounts of the disk,
/// of its partitions and of what device mapper (LVM, LUKS, multipath) and md built on them
/// (/proc/self/mountinfo), swap (/proc/swaps), those stacks themselves (`holders` in sysfs), and
/// whatever else has claimed it in the kernel (a btrfs member, ZFS): open(2) with O_EXCL says so.
Culprits block_users(const Card& card, const GuardInput& input);

}  // namespace cluster::agent
