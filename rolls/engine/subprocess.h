#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cluster::rolls {

/// A program and how it is started, without a shell.
struct Subprocess {
  std::vector<std::string> words;      ///< the program first; found in PATH without a '/'
  std::filesystem::path folder = ".";  ///< it starts there
  std::filesystem::path out = {};      ///< file that gets its standard output; "" = ours
  std::map<std::string, std::string> environment = {};  ///< beside ours
};

/// Runs it to its end; returns its exit status, 128 and the signal when one killed it. As with
/// system(3), an interrupt at the terminal is the program's alone meanwhile. Throws Error(io)
/// when it cannot be started; `package` is what brings it, for the message, or "".
int run_subprocess(const Subprocess& program, const std::string& package = "");

}  // namespace cluster::rolls
