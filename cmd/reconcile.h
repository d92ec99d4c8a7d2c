#pragma once

#include <string>
#include <vector>

#include "db/inventory.h"

namespace cluster::cmd {

/// What is different about one card of a host.
struct CardChange {
  GpuName name;         ///< as it is from now on
  PciAddress pci;       ///< as it is from now on
  std::string change;   ///< "new", "gone", "back", "moved", "renamed", "replaced", "changed"
  std::string details;  ///< what was before: "was pci_0000_02_00_0", "serial, 2 functions"
};

/// The new cards of a host, and what differs from the old ones.
struct Reconciled {
  Inventory::CardPlan plan;
  std::vector<CardChange> changes;  ///< by name; empty when nothing differs
};

/// The names of the cards of `host` that `vms` hold.
std::vector<GpuName> held_of(const std::vector<Vm>& vms, const HostName& host);

/// Holds what the inventory has of a host's cards (`have`) against what the host says (`seen`).
///   - A card is the same when its serial or uuid is; else when it is in the same slot and nothing
///     that both know of its identity contradicts; else when it has the same name, the inventory
///     has only typed it, and its slot is empty now.
///   - No row is lost: a card that the host does not have stays, as missing.
///   - The host's names win, for they are what `gpupci -d NAME` understands.
/// `held` are the names of the cards that VMs hold. Throws Error(refused) where a VM would silently
/// get another card: the slot or the name of a held card now belongs to one that is not the same.
Reconciled reconcile(const std::vector<GpuCard>& have, const std::vector<GpuCard>& seen,
                     const std::vector<GpuName>& held);

}  // namespace cluster::cmd
