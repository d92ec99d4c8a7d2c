#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// One thing that may follow a command, as help has it.
struct DescribedArgument {
  std::string usage;        ///< "[HOST...]"; "" for a key
  std::string name;         ///< "HOST", "timeout="
  std::string description;  ///< less than a sentence
};

/// The help for one command. Help, the reference and the manual pages are made of it.
struct CommandPage {
  CommandPage(const CommandTable& table, const Command& command);

  std::string usage;  ///< "add host HOST [key=value...]", without the name of the program
  std::vector<DescribedArgument> arguments;
  std::string text;  ///< in the notation of wrapped(), with EXAMPLE and examples at its end
};

/// The text of `table` that is called `name`. Throws std::logic_error when there is none.
std::string_view text_called(const CommandTable& table, const std::string& name);

/// The words after the verb: "host gpu" of "add host gpu", "" of "dump".
std::string_view noun_of(const Command& command);

}  // namespace cluster::cmd
