#pragma once

#include <span>

#include "cmd/line/command.h"
#include "cmd/line/meaning.h"

namespace cluster::cmd {

/// Every command, the groups of commands in help, and the texts of help.
const CommandTable& command_table();

/// What people type first who come from other programs.
std::span<const FirstWord> first_words();

}  // namespace cluster::cmd
