#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/line/parse.h"

namespace cluster::cmd {

/// Handles `words` that start no built-in command: they may be a command of an enabled roll. The
/// action looks for that roll when it runs, and throws `unknown` when no roll has the command. The
/// command gets the words behind its path as they are, without --db.
Invocation roll_command(const std::vector<std::string>& words, const UnknownCommand& unknown);

}  // namespace cluster::cmd
