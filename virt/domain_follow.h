#pragma once

#include "virt/domain_merging.h"

// What goes with a change of the inventory, which said nothing of it. Only virt/ includes this
// header.

namespace cluster::virt {

/// True if the inventory changed the chipset of the guest: q35 to pc, or the other way round.
bool changes_family(const Merging& merging);

/// Another chipset: nobody's address holds, and the controllers of the old one go.
void follow_family(Merging& merging);

/// Carries out what follows from each change; refuses what libvirt would refuse, or take for
/// something else.
void follow(Merging& merging);

/// Takes the guest's node from each expander whose cell is no more. The expander itself stays where
/// buses behind it would be renumbered, and libvirt refuses one with a node that the guest has not.
void follow_cells(Merging& merging);

/// libvirt takes either <boot dev> of the domain or <boot order> of devices: what ours says wins.
void settle_boot(Merging& merging);

}  // namespace cluster::virt
