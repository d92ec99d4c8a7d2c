#pragma once

#include <string>
#include <vector>

#include "db/host.h"
#include "frontend/hosts/context.h"

namespace cluster::frontend {

/// Asks libvirt on `hosts` which of their VMs run. Returns a line for each of these, with its
/// cards, and one for each host with VMs that could not be asked.
std::vector<std::string> who_runs(Context& context, const std::vector<Host>& hosts);

}  // namespace cluster::frontend
