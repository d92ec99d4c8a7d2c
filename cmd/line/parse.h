#pragma once

#include <string>
#include <vector>

#include "cmd/line/command.h"
#include "cmd/line/output.h"
#include "core/error.h"

namespace cluster::cmd {

/// No command of the table starts with these words; a roll may have one.
class UnknownCommand : public Error {
  using Error::Error;
};

/// What a command line asks for.
struct Invocation {
  enum class Wants { command, help, version };

  Wants wants = Wants::command;
  Action action;         ///< with Wants::command
  std::string help_for;  ///< with Wants::help: what print_help() is to explain
  std::string db;        ///< --db, "" when it was not given
  Format format = Format::table;
};

/// Reads the words after the program's name: the longest path of `table` that they start with, then
/// its arguments, `key=value` wherever the command has that key; what follows "--" is taken as it
/// is. No words, "VERB", "VERB NOUN" without a command of that name, and --help, want help. Throws
/// Error(usage), of which UnknownCommand is one.
Invocation parse(const std::vector<std::string>& words, const CommandTable& table);

}  // namespace cluster::cmd
