#pragma once

#include <optional>
#include <string>

namespace cluster::rolls {

/// The end of a roll's script, as the script reports it to the program that started it with
/// `--report=TOKEN`. The script prints one line for that, "TOKEN<tab>OUTCOME<tab>ROLL<tab>WORDS",
/// beside its lines for people. The code for it is in prelude.sh.
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

/// A word of 32 hex digits that nobody can guess, so no step can print a line that begins with it.
std::string new_report_token();

/// Finds the report in the output of a script; nullopt when the script did not come to its end.
std::optional<ScriptReport> find_report(const std::string& printed, const std::string& token);

}  // namespace cluster::rolls
