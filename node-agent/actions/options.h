#pragma once

#include <string>
#include <vector>

#include "node-agent/guard/guard.h"

namespace cluster::agent {

struct Action;

/// The command line, checked as far as it can be without looking at the host.
struct Options {
  const Action* action = nullptr;      ///< never null once parsed
  std::vector<std::string> arguments;  ///< of the action, as many as it takes: {"gpupci1"}, {"all"}
  bool json = false;
  bool dry_run = false;
  Forced forced{};      ///< the guards that --force names
  std::string lease{};  ///< of --lease

  /// The action's argument `index`; "" when it was left out.
  std::string argument(std::size_t index) const {
    return index < arguments.size() ? arguments[index] : std::string();
  }
};

/// Reads the arguments, without the program's name. Throws Error(usage).
Options parse_options(const std::vector<std::string>& arguments);

/// The text that --help prints.
std::string usage();

}  // namespace cluster::agent
