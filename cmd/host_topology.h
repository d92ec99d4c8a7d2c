#pragma once

#include <string>
#include <vector>

#include "cmd/context.h"

namespace cluster::cmd {

/// Asks the hosts that `words` mean for their maps, and prints them (`report host gpu
/// format=topology`). Returns the exit status. Throws Error(usage) when one of them is a VM.
int report_topology(Context& context, const std::vector<std::string>& words, bool json,
                    const ssh::Limits& limits);

}  // namespace cluster::cmd
