#pragma once

#include "cmd/line/command.h"

namespace cluster::cmd {

/// Every command, the groups of commands in help, and the texts of help.
const CommandTable& command_table();

}  // namespace cluster::cmd
