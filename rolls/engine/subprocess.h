#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cluster::rolls {

/// A program, and the settings to start it with, without a shell.
struct Subprocess {
  std::vector<std::string> words;      ///< the program first; found in PATH without a '/'
  std::filesystem::path folder = ".";  ///< it starts there
  std::filesystem::path out = {};      ///< file that gets its standard output; "" = ours
  std::map<std::string, std::string> environment = {};  ///< beside ours
};

/// Runs the program to its end. Returns its exit status, or 128 and the signal when one killed it.
/// As with system(3), only the program gets an interrupt at the terminal meanwhile. Throws
/// Error(io) when the program cannot be started; the message names `package`, which brings the
/// program, unless it is "".
int run_subprocess(const Subprocess& program, const std::string& package = "");

}  // namespace cluster::rolls
