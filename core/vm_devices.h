#pragma once

#include <string_view>

// The kinds of a VM's devices that the inventory stores and libvirt's documents spell.
namespace cluster {

/// The medium behind a disk of a VM.
enum class DiskSource {
  file,   ///< a file of the container
  block,  ///< a block device of the container
  cdrom,  ///< an image file that the guest cannot write
};

/// As Rocks spells it: "file", "phy", "cdrom".
std::string_view name(DiskSource source);

/// Reads what name() says. Throws Error(usage) on another word.
DiskSource parse_disk_source(std::string_view text);

/// How a network interface of a VM is joined to a network.
enum class InterfaceKind {
  bridge,   ///< a Linux bridge of the container
  direct,   ///< macvtap on a device of the container
  network,  ///< a network that the container's libvirt knows
  ovs,      ///< a bridge of Open vSwitch
};

/// "bridge", "direct", "network", "ovs".
std::string_view name(InterfaceKind kind);

/// Reads what name() says. Throws Error(usage) on another word.
InterfaceKind parse_interface_kind(std::string_view text);

}  // namespace cluster
