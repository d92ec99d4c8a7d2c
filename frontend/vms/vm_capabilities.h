#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontend/vms/vm_batch.h"
#include "virt/domain_capabilities.h"

namespace cluster::frontend {

/// Refuses what is to be defined and the libvirt and QEMU of its container do not have (V17): then
/// the VM has failed, and is not defined. What they have is asked once and kept in the inventory,
/// with the version of libvirt that told it; before a refusal it is asked again, as QEMU may be
/// another one since. A host that cannot tell refuses nothing, and what libvirt has already taken
/// is not refused.
void check_capabilities(Context& context, VmBatch& all);

/// What the containers of some VMs told when they were asked last.
class KnownCapabilities {
 public:
  struct Machine {
    unsigned long libvirt = 0;  ///< the version that told it: 9000000 is 9.0.0
    virt::DomainCapabilities capabilities;
  };
  using Machines = std::map<std::string, Machine>;  ///< by DomainMachine::text()

  KnownCapabilities(Inventory& inventory, const std::vector<Vm>& vms);

  /// Throws Error(refused) when the document of `vm` asks for what its container did not have.
  /// `there`: what libvirt has taken already, "" = nothing.
  void check(const Vm& vm, const std::string& document, const std::string& there) const;

 private:
  std::map<HostName, Machines> machines_;
};

}  // namespace cluster::frontend
