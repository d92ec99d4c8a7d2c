#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// What the kernel itself uses of a function, at any depth below it: on a USB, SCSI, ATA, virtio or
/// auxiliary bus, behind Thunderbolt, or on the PCI bus that Intel's VMD makes of its own
/// (Documentation/ABI/stable/sysfs-devices). Another PCI function below a bridge is left out.
struct DeviceTree {
  std::vector<std::filesystem::path> disks;  ///< block devices with `dev`, and their partitions
  std::vector<std::filesystem::path> interfaces;  ///< ".../net/eth0"

  /// Devices that a network driver has, and that show no interface: a network namespace of its own
  /// hides it. The path of a PCI function, of a USB interface, ...
  std::vector<std::filesystem::path> without_interface;
};

/// The tree below one function.
DeviceTree device_tree(const Sysfs& sysfs, const PciAddress& pci);

/// "0000:03:00.0", with a domain of any length: the name of a PCI function in sysfs.
bool is_function_name(std::string_view name);

/// True if the device in this folder of sysfs is a block device.
bool is_block(const std::filesystem::path& folder);

/// The disk "nvme0n2" that "nvme0c1n2" is one of several paths to: drivers/nvme/host/multipath.c
/// gives both their names. Nothing for another name.
std::optional<std::string> disk_of_path(std::string_view name);

/// The name of the driver that has the device in this folder of sysfs; empty when none has it.
std::string driver_of(const std::filesystem::path& device);

}  // namespace cluster::agent
