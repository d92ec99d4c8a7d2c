#pragma once

#include "node-agent/cards/cards.h"
#include "node-agent/reason.h"

namespace cluster::agent {

/// The causes why neither the card nor a slice of it has a type of vGPU to offer, the first to be
/// mended first: "gpupci1 has none of its 32 virtual functions, ...". It is asked of a card that
/// has none, and then gives at least one.
Reasons why_no_vgpus(const Card& card, const Sysfs& sysfs, const Settings& settings);

}  // namespace cluster::agent
