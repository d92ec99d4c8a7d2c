#pragma once

#include <string>
#include <vector>

#include "db/vm.h"

// Disks as Rocks spells them, "file:/path,vda,virtio"; and CD-ROMs, "cdrom:/path,sda,sata".
namespace cluster::frontend {

/// Each text is SOURCE:PATH,DEVICE,BUS[,FORMAT]. Throws Error(usage) when one is not, or when two
/// have the same device.
std::vector<VmDisk> parse_disks(const std::vector<std::string>& texts);

/// Sets the sizes of the first disks, in GiB; "" leaves a size unknown. Throws Error(usage) on more
/// sizes than disks, a size that is none, or one of a CD-ROM.
void set_sizes(std::vector<VmDisk>& disks, const std::vector<std::string>& sizes);

/// What a VM has when no disk is named: 36 GiB, raw, where libvirt keeps its images.
VmDisk default_disk(const HostName& vm);

/// The text that parse_disks() reads.
std::string disk_text(const VmDisk& disk);

}  // namespace cluster::frontend
