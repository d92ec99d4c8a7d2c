#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

// /dev/kfd, AMD's node for compute, is one node for all its GPUs: an open one does not say which of
// them is used. The kernel tells it for each process and GPU, in /sys/class/kfd/kfd.

inline constexpr std::string_view kKfdNode = "/dev/kfd";

/// The folder of the node in sysfs.
std::filesystem::path kfd_folder(const Sysfs& sysfs);

/// The id by which KFD knows a function; nothing when the function is no GPU of KFD. It is read
/// from topology/nodes/N/gpu_id of the node with this `domain` and `location_id`, bus << 8 | slot
/// << 3 | function (drivers/gpu/drm/amd/amdkfd/kfd_topology.c).
std::optional<std::string> kfd_gpu(const Sysfs& sysfs, const PciAddress& pci);

/// True if a process that has /dev/kfd open uses this GPU: it has memory on the GPU
/// (proc/PID/vram_GPU, in bytes) or a queue (proc/PID/queues/N/gpuid; kfd_process.c, since Linux
/// 5.8). Nothing when the kernel does not tell. An example is a child that has its parent's file.
std::optional<bool> uses_kfd_gpu(const Sysfs& sysfs, pid_t pid, const std::string& gpu);

}  // namespace cluster::agent
