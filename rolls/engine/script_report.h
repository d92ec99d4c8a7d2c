#pragma once

#include <optional>
#include <string>

namespace cluster::rolls {

/// How a script of a roll ended, as it tells the program that started it with `--report=TOKEN`. It
/// prints one line for that, "TOKEN<tab>OUTCOME<tab>ROLL<tab>WORDS", beside what it prints for
/// people; prelude.sh writes it.
struct ScriptReport {
  enum class Outcome {
    done,    ///< all is as the roll says; with --dry-run, all was looked at
    reboot,  ///< the host has to be started anew, and then the script run again
    failed,
  };
  Outcome outcome;
  std::string roll;   ///< the roll that was being done; in a failure maybe one that is required
  std::string words;  ///< one line: "done, 3 changed"
};

/// A word that nobody can guess, 32 hex digits: no step can print a line that begins with it.
std::string new_report_token();

/// The report in what a script printed; nullopt when it did not come to its end.
std::optional<ScriptReport> find_report(const std::string& printed, const std::string& token);

}  // namespace cluster::rolls
