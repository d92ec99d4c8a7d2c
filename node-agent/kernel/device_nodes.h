#pragma once

#include <sys/types.h>

#include <compare>
#include <filesystem>
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

/// The nodes through which programs use a function while a host driver has it:
/// - every `dev` below the function (DRM, ALSA, NVMe and its disks and partitions, I2C, USB ...;
///   Documentation/ABI/stable/sysfs-devices);
/// - the disk of an NVMe with several paths;
/// - /dev/kfd when the function is a GPU of it (kfd.h);
/// - /dev/nvidiaN, which has no place in sysfs and is found by
///   /proc/driver/nvidia/gpus/0000:02:00.0/information, with the /dev/nvidia-caps/nvidia-capM of
///   its MIG slices (docs.nvidia.com/datacenter/tesla/mig-user-guide, Device Nodes and
///   Capabilities: a GPU is called there by its minor, as in nvidia-container-toolkit's
///   internal/nvcaps).
/// The input devices (the jack of an HDMI output) are left out: their driver goes away even while
/// they are open. The nodes of vfio are left out too.
std::vector<DeviceNode> device_nodes(const Sysfs& sysfs, const std::filesystem::path& proc,
                                     const PciAddress& pci);

/// The nodes through which a VM holds a function of vfio: /dev/vfio/GROUP and, since Linux 6.6,
/// /dev/vfio/devices/vfioN. The nodes of the virtual functions and mediated devices that are made
/// from the function are among them.
std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const PciAddress& pci);

/// The same for any device, by its folder in sysfs: a mediated device is on no PCI bus.
std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const std::filesystem::path& device);

}  // namespace cluster::agent
