#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// What lies below a device at any depth: on a USB, SCSI, ATA, virtio or auxiliary bus, behind
/// Thunderbolt, or on the PCI bus that Intel's VMD makes of its own
/// (Documentation/ABI/stable/sysfs-devices); and what comes over a port of Fibre Channel. Another
/// PCI function below a bridge is left out.
struct DeviceTree {
  /// The folders that have `dev`, of character and block devices, and the disk of an NVMe with
  /// several paths. Those of vfio are left out, and so are the input devices of a sound card, the
  /// jacks of an HDMI output: their driver goes away even while they are open.
  std::vector<std::filesystem::path> nodes;

  std::vector<std::filesystem::path> disks;       ///< those of `nodes` that are block devices
  std::vector<std::filesystem::path> interfaces;  ///< ".../net/eth0"

  /// Devices that a network driver has, and that show no interface: a network namespace of its own
  /// hides it. The path of a PCI function, of a USB interface, ...
  std::vector<std::filesystem::path> without_interface;
};

/// The tree below one function.
DeviceTree device_tree(const Sysfs& sysfs, const PciAddress& pci);

/// The tree below any folder of sysfs.
DeviceTree device_tree(const Sysfs& sysfs, const std::filesystem::path& folder);

/// "0000:03:00.0", with a domain of any length: the name of a PCI function in sysfs.
bool is_function_name(std::string_view name);

/// True if the device in this folder of sysfs is a block device.
bool is_block(const std::filesystem::path& folder);

/// The disk "nvme0n2" that "nvme0c1n2" is one of several paths to: drivers/nvme/host/multipath.c
/// gives both their names. Nothing for another name.
std::optional<std::string> disk_of_path(std::string_view name);

/// The name of the driver that has the device in this folder of sysfs; empty when none has it.
std::string driver_of(const std::filesystem::path& device);

/// True if both are there and the device lies below the folder, whatever links lead to them.
bool lies_below(const std::filesystem::path& device, const std::filesystem::path& folder);

}  // namespace cluster::agent
