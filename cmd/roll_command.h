#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/line/parse.h"

namespace cluster::cmd {

/// What is left when no built-in command starts `words`: a command of an enabled roll. It is looked
/// for when the action runs, which throws `unknown` when no roll has it, and gets the words behind
/// its path as they are, but for --db.
Invocation roll_command(const std::vector<std::string>& words, const UnknownCommand& unknown);

}  // namespace cluster::cmd
