#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/line/parse.h"

namespace cluster::cmd {

/// Handles what was `typed` and is no built-in command: it may be a command of an enabled roll. The
/// action looks for that roll when it runs, and throws `unknown` when no roll has the command. The
/// command gets the words behind its path as they are, without --db.
Invocation roll_command(const std::vector<std::string>& typed, const UnknownCommand& unknown);

}  // namespace cluster::cmd
