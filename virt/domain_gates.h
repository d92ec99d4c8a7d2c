#pragma once

#include <optional>
#include <string>
#include <vector>

#include "virt/domain_spec.h"

namespace cluster::virt {

/// Why a domain should not be defined as it is. The ids are those of `gpupci --check` and its kin,
/// and stay what they are:
///   D4   somebody else is in the IOMMU group of a card
///   S4   not all devices are behind the guest's PCIe switch
///   V1   one device twice
///   V3   the BARs do not fit into the guest's address space
///   V4   nor does the hole that is asked for
///   V8   the container's libvirt is too old, and would drop an element without a word
///   V9   iommufd and peer to peer
///   V11  functions of one card in two slots of the guest
///   V12  BARs past 4 GiB without q35 and UEFI
///   V14  a mediated device as the guest's screen without graphics
struct Refusal {
  std::string id;
  std::string reason;  ///< what is wrong with which thing
  std::string fix;     ///< what would be right
  bool warns = false;  ///< it may still work
};

/// The facts about the container that are known. A fact that is not known refuses nothing.
struct GateFacts {
  std::optional<int> address_bits;     ///< of its CPUs, "address sizes" in /proc/cpuinfo
  std::optional<int> libvirt_version;  ///< as virConnectGetLibVersion() has it: 9.0.0 is 9000000
  /// The devices of each IOMMU group, bridges left out.
  std::vector<std::vector<PciAddress>> groups;
};

/// Everything that speaks against `domain` on such a container, in the order of the ids.
std::vector<Refusal> gate(const DomainSpec& domain, const GateFacts& facts);

/// How many bits an address of the guest has; nothing when that is the container's own number and
/// not known. A named model and host-model have QEMU's 40 unless the domain says otherwise.
std::optional<int> guest_address_bits(const DomainSpec& domain, const GateFacts& facts);

}  // namespace cluster::virt
