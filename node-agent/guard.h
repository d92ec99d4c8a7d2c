#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node-agent/cards.h"

namespace cluster::agent {

/// Why `card` must not be taken from the host now, in one line that names the culprit and what
/// would be right; nothing when it may be taken. `together` are the cards that the same call
/// detaches, `card` among them. Looks only:
///   - every function must be in an IOMMU group;
///   - whoever else is in such a group must be of these cards, a PCI bridge, without a driver, or
///   on
///     the stub driver, else the kernel calls the group not viable and no VM starts with the card.
/// Throws Error(io) when sysfs cannot be read.
std::optional<std::string> refusal(const Card& card, const std::vector<Card>& together,
                                   const Sysfs& sysfs, const Settings& settings);

}  // namespace cluster::agent
