#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cmd/line/options.h"

namespace cluster::cmd {

class Context;  // the things that a command works with; only the code that runs commands knows it
class Output;

/// A command whose arguments are parsed; returns the exit status of the program.
using Action = std::function<int(Context&)>;

/// The kind of answer that a command gives.
enum class Answer {
  text,   ///< lines, or nothing
  table,  ///< a Table, in the format that --format names
};

/// One command, spelled "add host gpu".
struct Command {
  std::string_view path;                ///< a verb, and what it is about: "add host gpu"
  std::string_view summary;             ///< less than a line, without a period
  std::string_view group;               ///< one of CommandTable::groups
  Action (*declare)(Options& options);  ///< says what may follow, and where it is put
  Answer answer = Answer::text;
};

/// Another word for the thing that a command is about: `cluster help card` is `cluster help host
/// gpu`.
struct Synonym {
  std::string_view word;
  std::string_view noun;
};

/// A page of help that is about no single command. If there are commands of that noun, `cluster
/// help NAME` prints the page above them.
struct Topic {
  std::string_view name;
  void (*print)(Output& output);
  void (*print_markdown)(Output& output);  ///< a section of the command reference
};

/// The text of help for a command; it is a file of the source tree.
struct HelpText {
  std::string_view name;  ///< the file's name: "add_host_gpu.txt" for `add host gpu`
  std::string_view text;
};

/// All parts of the command line. The code that makes the table knows the nouns; cmd/line/ does
/// not.
struct CommandTable {
  std::span<const Command> commands;         ///< sorted by path
  std::span<const std::string_view> groups;  ///< the purposes of commands, in the order of help
  std::span<const Synonym> synonyms;
  std::span<const Topic> topics;
  std::span<const HelpText> texts;
};

/// The options that every command understands besides its own arguments.
struct CommonOptions {
  std::optional<std::string> db;  ///< inventory file, when it is given
  std::string format = "table";   ///< the format of answers that are a table
  std::string columns;            ///< of a list: those that are shown, with commas, "" = all
  std::string sort;               ///< of a list: a column, "" = as it comes
};

/// Declares all that may follow `command` on the command line. parse() and help both use it.
Action declare(const Command& command, Options& options, CommonOptions& common);

}  // namespace cluster::cmd
