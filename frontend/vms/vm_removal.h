#pragma once

#include <string>
#include <vector>

#include "frontend/vms/vm_batch.h"

// A VM that runs is not forgotten: these functions ask libvirt before the inventory lets go.
namespace cluster::frontend {

/// How a VM, or a card of one, is let go.
struct Removal {
  bool force = false;     ///< although it runs, or nobody knows whether it does
  bool undefine = false;  ///< libvirt forgets the VM as well
};

/// What became of a removal, as far as the container is concerned.
struct Removed {
  Failures failures;                     ///< when there are some, the inventory keeps what it has
  std::vector<std::string> notes;        ///< what stays behind, one line each
  std::vector<DomainDevices> devices{};  ///< what a domain that stays behind has of its host
};

/// Looks whether `vm` may leave the inventory, and lets libvirt forget it with Removal::undefine.
/// Throws Error(refused) when it runs.
Removed let_go(Context& context, const Vm& vm, const Removal& how, const ssh::Limits& limits);

/// Removes `vm` from the inventory. What its domain still has of its host is free for nobody.
void forget(Inventory& inventory, const Vm& vm, const Removed& removed);

/// Looks whether the card `name` of `vm` may be taken from it. Throws Error(refused) when the VM
/// runs with it.
Removed let_go_of_card(Context& context, const Vm& vm, const GpuName& name, const Removal& how,
                       const ssh::Limits& limits);

}  // namespace cluster::frontend
