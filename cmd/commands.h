#pragma once

#include <vector>

#include "cmd/command.h"

namespace cluster::cmd {

/// Every command, sorted by its path.
const std::vector<Command>& commands();

}  // namespace cluster::cmd
