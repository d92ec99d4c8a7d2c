#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

// /dev/kfd, AMD's node for compute, is one for all its GPUs: an open one says not which of them.
// The kernel tells per process and GPU, in /sys/class/kfd/kfd.

inline constexpr std::string_view kKfdNode = "/dev/kfd";

/// The folder of the node in sysfs.
std::filesystem::path kfd_folder(const Sysfs& sysfs);

/// The id by which KFD knows a function; nothing when it is no GPU of KFD. From
/// topology/nodes/N/gpu_id of the node with this `domain` and `location_id`, bus << 8 | slot << 3 |
/// function (drivers/gpu/drm/amd/amdkfd/kfd_topology.c).
std::optional<std::string> kfd_gpu(const Sysfs& sysfs, const PciAddress& pci);

/// Whether a process that has /dev/kfd open uses this GPU: has memory on it (proc/PID/vram_GPU, in
/// bytes) or a queue (proc/PID/queues/N/gpuid; kfd_process.c, since Linux 5.8). Nothing when the
/// kernel does not tell, as of a child that has its parent's file.
std::optional<bool> uses_kfd_gpu(const Sysfs& sysfs, pid_t pid, const std::string& gpu);

}  // namespace cluster::agent
