#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cluster::cmd {

class Context;  // cmd/context.h

/// A command whose arguments are parsed; returns the exit status of the program.
using Action = std::function<int(Context&)>;

/// One spelling, "add host gpu". Options are declared as "--key"; the operator types `key=value`,
/// or
/// `--key value`. A footer of the App is the long text of `--help`.
struct Command {
  std::string_view path;
  std::string_view summary;
  Action (*declare)(CLI::App& app);
};

/// What every command understands besides its own arguments.
struct CommonOptions {
  std::string db;                ///< inventory file, "" when not given
  std::string format = "table";  ///< of list commands
};

/// Declares all that may follow `command` on the command line, for parse() and for help alike.
Action declare(const Command& command, CLI::App& app, CommonOptions& common);

/// What CLI11 is to be given for `word`. (It reads "[ -f x ]" as a list in brackets, at the least
/// up to 2.3; declare() takes the shield off again before a command sees the word.)
std::string shielded(const std::string& word);

}  // namespace cluster::cmd
