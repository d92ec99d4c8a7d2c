#pragma once

#include <string>
#include <vector>

namespace cluster::agent {

/// Runs the program `words.front()`, a path, without a shell, and waits for its end. The program
/// gets `environment` and nothing else ("PATH=/sbin"); when that is empty, it gets the environment
/// of gpupci. Returns the exit status, or -1 when a signal ended it. Throws Error(not_found) when
/// there is no such program, Error(io) when it cannot be run.
int run_program(const std::vector<std::string>& words,
                const std::vector<std::string>& environment = {});

}  // namespace cluster::agent
