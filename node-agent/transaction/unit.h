#pragma once

#include <optional>
#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// The cards of one call that are detached together or not at all, because they share an IOMMU
/// group: the kernel gives a group to one VM, and while the host has one of its devices to no VM.
using Unit = std::vector<Card>;

/// Sorts the cards of a call into units, in the order of their first cards. A card that shares its
/// groups with no other is a unit of its own. Cards that share no group with each other, but both
/// with a third, are in one unit.
std::vector<Unit> units(const std::vector<Card>& cards);

/// A group that both have; nothing when there is none.
std::optional<int> shared_group(const Card& one, const Card& other);

}  // namespace cluster::agent
