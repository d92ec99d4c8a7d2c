#pragma once

#include <span>
#include <string>

#include "cmd/line/options.h"

namespace cluster::cmd {

/// Puts the words after a command into the variables of `options`. `key=value` may stand anywhere
/// if there is that key. Words after "--" are taken as they are. Returns false when the words ask
/// for help; the variables are not all set then. Throws Error(usage) that names the word at fault,
/// but not the command.
bool read_arguments(const Options& options, std::span<const std::string> words);

}  // namespace cluster::cmd
