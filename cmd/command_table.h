#pragma once

#include "cmd/line/command.h"

namespace cluster::cmd {

/// Every command, how help groups them, and what help says of them.
const CommandTable& command_table();

}  // namespace cluster::cmd
