#pragma once

#include <string>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// Prints the help for `what`. "" lists every command, grouped by purpose. The path of a command
/// explains that command. "add" or "add host" lists the commands that start with these words. "host
/// gpu", its end "gpu", or a synonym ("card", "cards") lists the commands about it. A topic
/// explains itself. Throws Error(usage) when `what` is none of these.
void print_help(Output& output, const CommandTable& table, const std::string& what);

/// Prints the command reference, docs/commands.md: every command and every topic.
void print_reference(Output& output, const CommandTable& table);

}  // namespace cluster::cmd
