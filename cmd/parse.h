#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"

namespace cluster::cmd {

/// What a command line asks for.
struct Invocation {
  Action action;
  std::string db;  ///< --db, "" when it was not given
  Format format = Format::table;
};

/// Reads the words after the program's name: the longest path of commands() that they start with,
/// then its arguments, `key=value` wherever the command has that key; what follows "--" is taken as
/// it is. "VERB", "VERB NOUN" without a command of that name, and --help, become the action that
/// prints help. Throws Error(usage).
Invocation parse(const std::vector<std::string>& words);

}  // namespace cluster::cmd
