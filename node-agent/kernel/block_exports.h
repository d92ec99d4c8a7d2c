#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// A part of the kernel that uses a disk without a claim and without `holders`.
struct BlockExport {
  std::string by;               ///< "NVMe target (nvmet)"
  std::string disk;             ///< "/dev/nvme0n1", or the controller "/dev/nvme0"
  std::filesystem::path place;  ///< the folder in sysfs where it is set up
};

/// The disks that the kernel gives to others, or uses for itself: nvmet
/// (drivers/nvme/target/configfs.c, also one that is set up and not enabled yet), LIO
/// (drivers/target), SCST, a USB gadget, and the disk below a zram
/// (Documentation/admin-guide/blockdev/zram.rst).
std::vector<BlockExport> block_exports(const Sysfs& sysfs);

/// A port of a function by which the host gives disks to others, whatever disks these are.
struct PortExport {
  std::string by;               ///< "SCSI target (LIO)"
  std::filesystem::path place;  ///< the folder in sysfs where it is set up
};

/// The targets that are on at a port of Fibre Channel or InfiniBand of the function: of LIO
/// (drivers/target, below the name of the port: tcm_qla2xxx, ib_srpt) and of nvmet. Those of iSCSI
/// and NVMe over TCP have an address, and so a network card has it.
std::vector<PortExport> port_exports(const Sysfs& sysfs, const PciAddress& pci);

}  // namespace cluster::agent
