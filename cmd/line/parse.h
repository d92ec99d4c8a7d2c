#pragma once

#include <string>
#include <vector>

#include "cmd/line/command.h"
#include "cmd/line/output.h"
#include "core/error.h"

namespace cluster::cmd {

/// No built-in command starts with these words; a roll may have one.
class UnknownCommand : public Error {
  using Error::Error;
};

/// What a command line asks for.
struct Invocation {
  Action action;
  std::string db;  ///< --db, "" when it was not given
  Format format = Format::table;
};

/// Reads the words after the program's name: the longest path of commands() that they start with,
/// then its arguments, `key=value` wherever the command has that key; what follows "--" is taken as
/// it is. "VERB", "VERB NOUN" without a command of that name, and --help, become the action that
/// prints help. Throws Error(usage), of which UnknownCommand is one.
Invocation parse(const std::vector<std::string>& words);

}  // namespace cluster::cmd
