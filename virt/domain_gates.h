#pragma once

#include <optional>
#include <string>
#include <vector>

#include "virt/domain_spec.h"

namespace cluster::virt {

/// A reason why a domain should not be defined as it is. The ids are those of `gpupci --check` and
/// related commands, and they never change:
///   D4   somebody else is in the IOMMU group of a card
///   F1   NVSwitches without all GPUs of their board, or GPUs of it without all switches
///   F3   several GPUs of a board with NVSwitches and no partition of the fabric manager
///   S4   not all devices are behind the guest's PCIe switch
///   V1   one device twice
///   V3   the firmware of the guest has no place for all BARs (domain_bar_gates.h)
///   V4   the hole that is asked for does not fit into the guest's address space (the same)
///   V6   a GPU and an NVMe disk on two NUMA nodes of the container
///   V8   the container's libvirt is too old, and would drop an element without a word
///   V9   iommufd and peer to peer
///   V11  functions of one card in two slots of the guest, or functions that are not known
///   V12  BARs past 4 GiB without q35 and UEFI, or Secure Boot without q35
///   V14  a mediated device as the guest's screen without graphics
///   V15  two network interfaces of one MAC
///   V16  a disk on IDE, which the machine does not have
///   V17  what libvirt and QEMU there do not have (frontend/vms/vm_capabilities.h)
///   V18  two disks at one place of a bus
struct GateRefusal {
  std::string id;
  std::string reason;  ///< the thing, and what is wrong with it
  std::string fix;     ///< the way to make it right
  bool warns = false;  ///< it may still work
};

/// The facts about the container that are known. A fact that is not known refuses nothing.
struct GateFacts {
  std::optional<int> address_bits;     ///< those of its CPUs, "address sizes" in /proc/cpuinfo
  std::optional<int> libvirt_version;  ///< as virConnectGetLibVersion() has it: 9.0.0 is 9000000
  /// The devices of each IOMMU group, bridges left out.
  std::vector<std::vector<PciAddress>> groups;
  /// What is known of the container's cards; those of the VM come first and have their name there.
  std::vector<CardSpec> cards = {};
  bool has_partition = false;  ///< the VM has a partition of the fabric manager
};

/// The warning V6 when a GPU has no NVMe disk on its NUMA node, or an NVMe disk no GPU, among
/// `cards`, which one VM has. Nodes that are not known warn of nothing.
std::optional<GateRefusal> far_apart(const std::vector<CardSpec>& cards);

/// All refusals of a libvirt document on such a container, in the order of the ids. It judges what
/// is in the document, whoever wrote it. Throws Error(io) when it is no document of a domain.
std::vector<GateRefusal> gate(const std::string& document, const GateFacts& facts);

/// "9.0.0" for 9000000, a version as virConnectGetLibVersion() has it.
std::string version_text(unsigned long version);

/// The number of bits in an address of the guest of such a document. Returns nothing when the
/// container's own number counts and is not known. A named model and host-model have QEMU's 40
/// unless the document says otherwise.
std::optional<int> guest_address_bits(const std::string& document, const GateFacts& facts);

}  // namespace cluster::virt
