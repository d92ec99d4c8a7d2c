#pragma once

#include <string>
#include <vector>

namespace cluster::agent {

/// Runs the program `words.front()`, a path, without a shell, and waits for its end. Of environment
/// variables it gets a PATH alone: those of gpupci may be another's, and sudo and cron may have a
/// PATH without sbin. Returns the exit status, or -1 when a signal ended it. Throws
/// Error(not_found) when there is no such program, Error(io) when it cannot be run.
int run_program(const std::vector<std::string>& words);

}  // namespace cluster::agent
