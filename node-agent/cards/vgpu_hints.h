#pragma once

#include <string>
#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// A cause why a card offers no vGPUs, and what can be done about it.
struct VgpuHint {
  std::string what;  ///< "gpupci1 has no virtual functions"
  std::string fix;   ///< "gpupci --vfs gpupci1 32 makes them"
};

/// The causes why neither the card nor a slice of it has a type of vGPU to offer, the first to be
/// mended first. It is asked of a card that has none, and then gives at least one.
std::vector<VgpuHint> why_no_vgpus(const Card& card, const Sysfs& sysfs, const Settings& settings);

}  // namespace cluster::agent
