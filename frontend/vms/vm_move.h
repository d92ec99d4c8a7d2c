#pragma once

#include <string>
#include <vector>

#include "frontend/cards/allocation.h"
#include "frontend/hosts/context.h"

// What VMs are given where, in the inventory and in libvirt.
namespace cluster::frontend {

/// Chooses cards, on `container` when it is not "", by the attribute vm_placement. Throws as
/// place() does.
Placement choose_cards(Inventory& inventory, const std::string& container, const CardWish& wish);

/// Gives `cards` of its container to `vm`: as gpupci when it is one, else as gpupci1, gpupci2, ...
void give_cards(Inventory& inventory, const HostName& vm, const std::vector<GpuName>& cards);

/// Lets `container` run `vm`, with as many cards of it as the VM has now, of the same model where
/// that is known; libvirt on the old one forgets the VM. Throws Error(refused) when there are no
/// such cards. Returns why libvirt there could not forget it, and then the VM stays: it runs, or
/// what it does is not known.
Failures move_vm(Context& context, const Vm& vm, const HostName& container,
                 const ssh::Limits& limits);

}  // namespace cluster::frontend
