#pragma once

#include <string>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// Prints what is known of `what`: "" lists every command by what one wants to do; the path of a
/// command explains it; "add" or "add host" lists the commands that start so; "host gpu", the end
/// of it ("gpu"), or a synonym ("card", "cards") lists what can be done with it; a topic explains
/// it. Throws Error(usage) when it is none of these.
void print_help(Output& output, const CommandTable& table, const std::string& what);

/// Prints the command reference, docs/commands.md: every command and every topic.
void print_reference(Output& output, const CommandTable& table);

}  // namespace cluster::cmd
