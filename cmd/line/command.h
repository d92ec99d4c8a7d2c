#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace cluster::cmd {

class Context;  // what a command works with; only who runs one knows it
class Output;

/// A command whose arguments are parsed; returns the exit status of the program.
using Action = std::function<int(Context&)>;

/// What a command answers with.
enum class Answer {
  text,   ///< lines, or nothing
  table,  ///< a Table, in the format that --format names
};

/// One spelling, "add host gpu". Options are declared as "--key"; the operator types `key=value`,
/// or `--key value`.
struct Command {
  std::string_view path;     ///< a verb, and what it is about: "add host gpu"
  std::string_view summary;  ///< less than a line, without a period
  std::string_view group;    ///< one of CommandTable::groups
  Action (*declare)(CLI::App& app);
  Answer answer = Answer::text;
};

/// Another word for what a command is about: `cluster help card` is `cluster help host gpu`.
struct Synonym {
  std::string_view word;
  std::string_view noun;
};

/// A page of help that is about no single command. `cluster help NAME` prints it above the commands
/// of that noun, when there are some.
struct Topic {
  std::string_view name;
  void (*print)(Output& output);
  void (*print_markdown)(Output& output);  ///< a section of the command reference
};

/// The text that help has of a command, a file of the source tree.
struct HelpText {
  std::string_view name;  ///< of the file: "add_host_gpu.txt" for `add host gpu`
  std::string_view text;
};

/// All that the command line is made of. Whoever makes it knows the nouns, cmd/line/ does not.
struct CommandTable {
  std::span<const Command> commands;         ///< sorted by path
  std::span<const std::string_view> groups;  ///< what one wants to do, in the order of help
  std::span<const Synonym> synonyms;
  std::span<const Topic> topics;
  std::span<const HelpText> texts;
};

/// What every command understands besides its own arguments.
struct CommonOptions {
  std::string db;                ///< inventory file, "" when not given
  std::string format = "table";  ///< of commands that answer with a table
};

/// Declares all that may follow `command` on the command line, for parse() and for help alike.
Action declare(const Command& command, CLI::App& app, CommonOptions& common);

/// How the usage line calls an option that is no key: its option_text(), which may have blanks,
/// else its name, which has none: CLI11 refuses one from 2.4 (Debian 13) on.
std::string positional_name(const CLI::Option& option);

/// What CLI11 is to be given for `word`. (It reads "[ -f x ]" as a list in brackets, at the least
/// up to 2.3; declare() takes the shield off again before a command sees the word.)
std::string shielded(const std::string& word);

}  // namespace cluster::cmd
