#pragma once

#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// Who else is in the IOMMU groups of a card, but for bridges, which no VM gets. Some may not be
/// readable.
std::vector<PciAddress> sharers(const Card& card, const Sysfs& sysfs);

}  // namespace cluster::agent
