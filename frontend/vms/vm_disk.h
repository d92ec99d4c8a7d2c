#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/vm.h"
#include "virt/domain_reading.h"

// Disks are spelled as Rocks spells them, "file:/path,vda,virtio"; CD-ROMs are
// "cdrom:/path,sda,sata".
namespace cluster::frontend {

/// Each text is SOURCE:PATH,DEVICE,BUS[,FORMAT][,KEY=VALUE...], with the keys cache, io, discard,
/// serial and iothread, which libvirt gives QEMU, and image, how and made. Throws Error(usage) when
/// a text is not so, or when two texts have the same device.
std::vector<VmDisk> parse_disks(const std::vector<std::string>& texts);

/// Sets the sizes of the first disks, in GiB; "" leaves a size unknown. Throws Error(usage) when
/// there are more sizes than disks, when a text is no size, or when a CD-ROM would get a size.
void set_sizes(std::vector<VmDisk>& disks, const std::vector<std::string>& sizes);

/// Lets the first disk that is a file be made of `image`, as `how` says: "copy", or "backing" for a
/// disk with only what differs. Throws Error(usage) when there is no such disk, when it was made
/// already, and when it cannot be so.
void set_image(std::vector<VmDisk>& disks, const std::optional<std::string>& image,
               const std::optional<std::string>& how);

/// Puts `image` into the first CD-ROM; "none" takes it away. Where there is none, it is one that
/// libvirt alone has, which is empty, or a new one. `there`: the drives that libvirt has, which may
/// be more than `disks`. Throws Error(usage) when `image` is no absolute path, Error(refused) when
/// there is no place for it.
void set_cdrom(std::vector<VmDisk>& disks, const std::string& image,
               const std::vector<virt::Drive>& there = {});

/// The disk of a VM when no disk is named: 36 GiB, raw, where libvirt keeps its images.
VmDisk default_disk(const HostName& vm);

/// The text that parse_disks() reads. `with_state`: also whether the image is known to be there.
std::string disk_text(const VmDisk& disk, bool with_state = false);

}  // namespace cluster::frontend
