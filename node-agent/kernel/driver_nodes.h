#pragma once

#include <filesystem>
#include <vector>

#include "node-agent/kernel/device_nodes.h"

namespace cluster::agent {

// Nodes that have no place in sysfs below a function, and are known by its driver.

/// The nodes of one function:
/// - /dev/nvidiaN by /proc/driver/nvidia/gpus/0000:02:00.0/information, with the
///   /dev/nvidia-caps/nvidia-capM of its MIG slices (docs.nvidia.com/datacenter/tesla/
///   mig-user-guide, Device Nodes and Capabilities: a GPU is called there by its minor, as in
///   nvidia-container-toolkit's internal/nvcaps);
/// - the nodes that all of NVIDIA's GPUs share (nvidiactl, nvidia-uvm ...), when it is the only one
///   of them: with several GPUs, whoever uses one has its own node open too;
/// - /dev/nvidia-nvswitchN by /proc/driver/nvidia-nvswitch/devices/0000:05:00.0/information;
/// - /dev/sev of AMD's security processor.
std::vector<DeviceNode> driver_nodes(const Sysfs& sysfs, const std::filesystem::path& proc,
                                     const PciAddress& pci);

/// The nodes of its driver of which the kernel tells not for which function they are: all
/// character devices that /proc/devices has by the name of the driver or of its module (of the only
/// NVIDIA GPU also of the modules that are built on NVIDIA's), unless `known`, the nodes of the
/// function, have their number already. So whoever has one of them open counts for every function
/// of that driver.
std::vector<NodeRange> unplaced_nodes(const Sysfs& sysfs, const std::filesystem::path& proc,
                                      const PciAddress& pci, const std::vector<DeviceNode>& known);

}  // namespace cluster::agent
