#pragma once

#include <vector>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// Every command, sorted by its path.
const std::vector<Command>& commands();

}  // namespace cluster::cmd
