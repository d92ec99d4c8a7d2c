#pragma once

#include <string>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// The action that prints what is known of `path`: "" lists every command, "add" or "add host"
/// those below it, a command's own path its usage. Throws Error(usage) when there is no such
/// command.
Action help_action(const std::string& path);

}  // namespace cluster::cmd
