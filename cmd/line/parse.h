#pragma once

#include <string>
#include <vector>

#include "cmd/line/command.h"
#include "cmd/line/output.h"
#include "core/error.h"

namespace cluster::cmd {

/// No command of the table starts with these words; but a roll may have such a command.
class UnknownCommand : public Error {
  using Error::Error;
};

/// The request that a command line makes.
struct Invocation {
  enum class Wants { command, help, version };

  Wants wants = Wants::command;
  Action action;         ///< with Wants::command
  std::string help_for;  ///< with Wants::help: the argument for print_help()
  std::string db;        ///< --db, "" when it was not given
  Format format = Format::table;
  TableView view = {};
  std::string_view path = {};  ///< the command's, "list host"; "" where a roll has it
};

/// Reads the words after the program's name. They start with the longest matching path of `table`,
/// before which --db and --format may stand, and then come its arguments. `key=value` may stand
/// anywhere if the command has that key. Words after "--" are taken as they are. The words ask for
/// help when there are none, when they are "VERB" or "VERB NOUN" without a command of that name,
/// and when they have --help. Throws Error(usage); UnknownCommand is one kind of it.
Invocation parse(const std::vector<std::string>& words, const CommandTable& table);

/// The command with the longest path that `words` start with; null when there is none.
const Command* longest_match(const std::vector<std::string>& words, const CommandTable& table);

}  // namespace cluster::cmd
