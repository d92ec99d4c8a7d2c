#pragma once

#include <string>
#include <vector>

#include "frontend/cards/allocation.h"
#include "frontend/hosts/context.h"

// These functions give places and cards to VMs, in the inventory and in libvirt.
namespace cluster::frontend {

/// Chooses cards by the attribute vm_placement; on `container` when that is not "". Throws as
/// place() does.
Allocation choose_cards(Inventory& inventory, const std::string& container, const CardWish& wish);

/// Gives `cards` of its container to `vm`. One card is called gpupci; several are gpupci1, gpupci2,
/// ...
void give_cards(Inventory& inventory, const HostName& vm, const std::vector<GpuName>& cards);

/// How a VM is moved.
struct Move {
  ssh::Limits limits;  ///< of the container that it leaves
  bool force = false;  ///< although its UEFI variables or the state of its TPM stay there
};

/// What became of a move.
struct Moved {
  /// The reasons if the old libvirt could not forget the VM. Then the VM stays there: it runs, has
  /// saved memory, snapshots or state beside its disk, or nothing is known of it.
  Failures failures;
  /// What stays on the old container, and what to do with it; "" when nothing does.
  std::string left_behind;
};

/// Moves `vm` to `container`, with a card there for each card that it has now: one of the same
/// model, or any GPU where the model is not known. libvirt on the old container forgets the VM.
/// Throws Error(refused) when there are no such cards.
Moved move_vm(Context& context, const Vm& vm, const HostName& container, const Move& how);

}  // namespace cluster::frontend
