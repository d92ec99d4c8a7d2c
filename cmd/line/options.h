#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cluster::cmd {

/// The variable that gets what was typed. It must outlive the reading of the command line. A
/// variable that gets nothing keeps its value.
class Variable {
 public:
  Variable(std::string& one);  // NOLINT: each call of argument() and key() passes one
  Variable(std::optional<std::string>& one);  // NOLINT
  Variable(std::vector<std::string>& all);    // NOLINT

  /// True if it takes any number of values.
  bool is_list() const;

  std::variant<std::string*, std::optional<std::string>*, std::vector<std::string>*> pointer;
};

/// One thing that may follow a command.
struct Option {
  std::string name;  ///< an argument's name in the usage line: "HOST"; "" if only its key is typed
  std::string key;   ///< "timeout", typed `timeout=60` or `--timeout 60`; "" if it has none
  std::string help;  ///< what it is; a default in brackets stands at the end: "seconds [60]"
  Variable variable;
  bool is_required = false;

  /// The same argument may be typed as `key=value` too.
  Option& or_key(std::string other_name);
  Option& required();
};

/// All that may follow a command, in the order of its help. A command declares it; the command line
/// is read, and help is written, from the same declaration.
class Options {
 public:
  /// Declares an argument, which is known by its place. A name with a blank ("[HOST...] COMMAND")
  /// stands in the usage line as it is.
  Option& argument(std::string name, Variable variable, std::string help);

  /// Declares what is typed with its name: `key=value`.
  Option& key(std::string key, Variable variable, std::string help);

  const std::vector<Option>& all() const { return all_; }

 private:
  std::vector<Option> all_;
};

}  // namespace cluster::cmd
