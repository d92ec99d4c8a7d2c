#pragma once

#include <sys/types.h>

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The number by which the kernel knows a device node, whatever the node's name and place are. The
/// character device 226:0 is not the block device 226:0.
struct DeviceNumber {
  mode_t type = 0;  ///< S_IFCHR or S_IFBLK
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const DeviceNumber&) const = default;
};

/// A device node of a function.
struct DeviceNode {
  std::string path;  ///< "/dev/dri/card0"
  DeviceNumber number;
  std::filesystem::path folder;  ///< in sysfs, with `dev` and, of a block device, `holders`
};

/// Character devices of a driver of which the kernel tells not for which function they are.
struct NodeRange {
  std::string name;  ///< "nvidia", as /proc/devices has it
  unsigned major = 0;
  unsigned first = 0;   ///< minor
  unsigned last = ~0U;  ///< minor, inclusive

  bool operator==(const NodeRange&) const = default;
};

/// The node of a folder in sysfs that has `dev`; nothing when it has none.
std::optional<DeviceNode> node_in(const std::filesystem::path& folder);

/// The nodes through which programs use a function while a host driver has it:
/// - every node of device_tree(): DRM, ALSA, NVMe and its disks and partitions, I2C, video, USB and
///   what is plugged in ...;
/// - /dev/kfd when the function is a GPU of it (kfd.h), and the DRM nodes of its partitions, which
///   are platform devices (amdgpu_xcp);
/// - those that have no place in sysfs (driver_nodes.h).
std::vector<DeviceNode> device_nodes(const Sysfs& sysfs, const std::filesystem::path& proc,
                                     const PciAddress& pci);

/// The nodes through which a VM holds a function of vfio: /dev/vfio/GROUP and, since Linux 6.6,
/// /dev/vfio/devices/vfioN, its own and those of the other functions of its IOMMU group. The nodes
/// of the virtual functions and mediated devices that are made from the function are among them.
std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const PciAddress& pci);

/// The same for any device, by its folder in sysfs: a mediated device is on no PCI bus.
std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const std::filesystem::path& device);

}  // namespace cluster::agent
