#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster::agent {

/// What was asked for.
enum class Action { help, version, list, status, detach, attach };

/// The command line, checked as far as it can be without looking at the host.
struct Options {
  Action action = Action::help;
  std::string target;  ///< "gpupci1" or "all"; empty for what takes none
  bool json = false;
  bool dry_run = false;
};

/// What --help prints.
std::string_view usage();

/// Reads the arguments, without the program's name. Throws Error(usage).
Options parse_options(const std::vector<std::string>& arguments);

}  // namespace cluster::agent
