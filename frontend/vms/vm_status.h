#pragma once

#include <map>
#include <string>

#include "frontend/vms/vm_batch.h"

namespace cluster::frontend {

/// What each VM does, in a word of `list host vm status=yes`: "active", "shut off", "not defined".
/// A VM whose container did not answer is not in it.
std::map<HostName, std::string> status_of(const VmBatch& all);

}  // namespace cluster::frontend
