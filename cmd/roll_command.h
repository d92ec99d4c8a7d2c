#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/line/parse.h"

namespace cluster::cmd {

/// Takes --db out of `words`, in any of its spellings, and returns its value; "" when it is not
/// there.
std::string take_db(std::vector<std::string>& words);

/// Handles what was `typed` and is no built-in command: it may be a command of an enabled roll. The
/// action looks for that roll when it runs, and throws `unknown` when no roll has the command. The
/// command gets the words behind its path as they are, without --db.
Invocation roll_command(const std::vector<std::string>& typed, const UnknownCommand& unknown);

}  // namespace cluster::cmd
