#pragma once

#include <string>
#include <vector>

#include "cmd/context.h"

namespace cluster::cmd {

/// `list host gpu detail=yes`: the cards of the physical hosts that `words` mean, with all that is
/// known, a row for each card, slice and mediated device.
int show_details(Context& context, const std::vector<std::string>& words);

}  // namespace cluster::cmd
