#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/vms/vm_batch.h"

// VMs that a container has, whoever made them, and how one becomes the inventory's.
namespace cluster::frontend {

/// How a domain of a container stands to the inventory.
enum class Relation {
  ours,      ///< it is a VM of the inventory, by its UUID, on that container
  known,     ///< the inventory has its UUID on another container, or its name for another VM
  stranger,  ///< the inventory knows nothing of it
};

/// "ours", "known", "stranger".
std::string_view name(Relation relation);

/// A domain of a container.
struct FoundDomain {
  const virt::Domain* domain = nullptr;  ///< one of VmHost::found
  Relation relation = Relation::stranger;
  std::optional<HostName> vm{};      ///< the VM of the inventory that is meant
  std::string details{};             ///< of a known one, why it is not ours
  std::vector<std::string> cards{};  ///< "gpupci1", "gpupci2.0"; the address of one not known
};

/// The domains of `there`, which look_at_hosts() made, by name. `vms` are all of the inventory,
/// `devices` those of that container.
std::vector<FoundDomain> found_domains(const VmHost& there, const std::vector<Vm>& vms,
                                       const HostDevices& devices);

/// True if the device is a function of `card`: of one that was only typed, any of its slot.
bool has_function(const GpuCard& card, const PciAddress& pci);

/// The name of the card or slice that has the device, "gpupci1.0"; nothing when none does.
std::optional<std::string> name_of_card(const std::vector<GpuCard>& cards, const PciAddress& pci);

/// The name that the inventory gives to a VM that libvirt calls `domain`: the same, with '-' for
/// what no host's name has.
HostName name_for(const virt::Domain& domain);

/// The interfaces of the inventory's VMs, by MAC address: "eth0 of VM 'v1'".
using MacOwners = std::map<MacAddress, std::string>;
MacOwners mac_owners(const std::vector<Vm>& vms);

/// Takes `domain`, one of `there`, into the inventory as VM `name`, as it is: nothing changes in
/// libvirt, and the next sync has nothing to do. What the inventory has no word for stays in
/// libvirt's document, and so does an interface whose MAC address is among `macs`, to which those
/// of the VM are added. Returns what is worth knowing, a line each. Throws Error when the VM cannot
/// be taken in, and then nothing is.
std::vector<std::string> adopt(Inventory& inventory, const HostName& name, const VmHost& there,
                               const virt::Domain& domain, MacOwners& macs);

}  // namespace cluster::frontend
