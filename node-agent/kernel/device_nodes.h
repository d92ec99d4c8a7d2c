#pragma once

#include <sys/types.h>

#include <compare>
#include <filesystem>
#include <string>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The number by which the kernel knows a device node, whatever the node is called and wherever it
/// lies; 226:0 as a character device is another one than 226:0 as a block device.
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

/// The nodes through which programs use a function while a host driver has it: every `dev` below
/// the function (DRM, ALSA, NVMe and its disks and partitions, I2C, USB ...; Documentation/ABI/
/// stable/sysfs-devices), the disk of an NVMe with several paths, /dev/kfd when it is a GPU of it
/// (kfd.h), and /dev/nvidiaN, which has no place in sysfs and is found by
/// /proc/driver/nvidia/gpus/0000:02:00.0/information, with the /dev/nvidia-caps/nvidia-capM of its
/// MIG slices (docs.nvidia.com/datacenter/tesla/mig-user-guide, Device Nodes and Capabilities: a
/// GPU is called there by its minor, as in nvidia-container-toolkit's internal/nvcaps). Not the
/// input devices (the jack of an HDMI output): their driver goes while they are open. Not those of
/// vfio.
std::vector<DeviceNode> device_nodes(const Sysfs& sysfs, const std::filesystem::path& proc,
                                     const PciAddress& pci);

/// The nodes through which a VM holds a function of vfio: /dev/vfio/GROUP and, since Linux 6.6,
/// /dev/vfio/devices/vfioN; also those of what is made from it, virtual functions and mediated
/// devices.
std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const PciAddress& pci);

/// The same of any device, by its folder in sysfs: a mediated one is on no PCI bus.
std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const std::filesystem::path& device);

}  // namespace cluster::agent
