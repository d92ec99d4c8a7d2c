#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>

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

/// One command, spelled "add host gpu". Options are declared as "--key"; the operator types
/// `key=value`, or `--key value`.
struct Command {
  std::string_view path;     ///< a verb, and what it is about: "add host gpu"
  std::string_view summary;  ///< less than a line, without a period
  std::string_view group;    ///< one of CommandTable::groups
  Action (*declare)(CLI::App& app);
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
  std::string db;                ///< inventory file, "" when not given
  std::string format = "table";  ///< the format of answers that are a table
};

/// Declares all words that may follow `command` on the command line. parse() and help both use it.
Action declare(const Command& command, CLI::App& app, CommonOptions& common);

/// The name in the usage line of an option that is no key. It is the option_text(), which may have
/// blanks, else the option's name. The name has no blanks: CLI11 refuses a name with one from 2.4
/// (Debian 13) on.
std::string positional_name(const CLI::Option& option);

/// The spelling of `word` that CLI11 is given. CLI11 reads "[ -f x ]" as a list in brackets, at
/// least up to 2.3. declare() takes the shield off again before a command sees the word.
std::string shielded(const std::string& word);

}  // namespace cluster::cmd
