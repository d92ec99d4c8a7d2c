#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

// /dev/kfd, AMD's node for compute, is one node for all its GPUs: an open one does not say which of
// them is used. The kernel tells it for each process and GPU, in /sys/class/kfd/kfd.

inline constexpr std::string_view kKfdNode = "/dev/kfd";

/// The folder of the node in sysfs.
std::filesystem::path kfd_folder(const Sysfs& sysfs);

/// A GPU of KFD, or a partition of one.
struct KfdGpu {
  std::string id;                          ///< "51110", as topology/nodes/N/gpu_id has it
  std::optional<unsigned> render_minor{};  ///< 129 of /dev/dri/renderD129

  bool operator==(const KfdGpu&) const = default;
};

/// The GPUs by which KFD knows a function: several where it is partitioned, none where the function
/// is no GPU of KFD. A node belongs to it by `domain` and `location_id`, bus << 8 | slot << 3 |
/// function. The number of a partition is in bits 28 to 31 of that, and in kernels before 6.10 it
/// takes the place of the function (drivers/gpu/drm/amd/amdkfd/kfd_topology.c).
std::vector<KfdGpu> kfd_gpus(const Sysfs& sysfs, const PciAddress& pci);

/// The render nodes that KFD knows, of whichever function.
std::set<unsigned> kfd_render_minors(const Sysfs& sysfs);

/// True if a process that has /dev/kfd open uses this GPU: it has memory on the GPU
/// (proc/PID/vram_GPU, in bytes) or a queue (proc/PID/queues/N/gpuid; kfd_process.c, since Linux
/// 5.8). Nothing when the kernel does not tell. An example is a child that has its parent's file.
std::optional<bool> uses_kfd_gpu(const Sysfs& sysfs, pid_t pid, const std::string& gpu);

}  // namespace cluster::agent
