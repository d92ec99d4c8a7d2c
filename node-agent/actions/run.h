#pragma once

#include <string>
#include <vector>

#include "node-agent/environment.h"
#include "node-agent/streams.h"

namespace cluster::agent {

/// gpupci: does what `arguments` (without the program's name) ask for, prints the answer on `out`
/// and what went wrong on `err`, and returns the exit status.
int run(const std::vector<std::string>& arguments, Stream& out, Stream& err,
        const Environment& environment);

}  // namespace cluster::agent
