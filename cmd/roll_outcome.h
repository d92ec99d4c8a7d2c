#pragma once

#include <map>
#include <string>
#include <vector>

#include "cmd/line/output.h"
#include "frontend/hosts/ask.h"
#include "rolls/engine/script_report.h"

namespace cluster::cmd {

/// What became of a roll's script on one host.
struct RollOutcome {
  rolls::ScriptReport::Outcome outcome = rolls::ScriptReport::Outcome::failed;
  std::string words;  ///< that explain it, in one line
};

/// "done", "reboot", "failed".
std::string word(rolls::ScriptReport::Outcome outcome);

/// Reads the outcome from what the host printed; `token` is the one of its script.
RollOutcome outcome_of(const frontend::AgentAnswer& answer, const std::string& token,
                       const std::string& roll);

/// What the host printed, without the line that is for the program alone.
std::string said_by(const frontend::AgentAnswer& answer, const std::string& token);

/// The rows of a host before its outcome, {roll, word, details}: what a dry run would do and what
/// nobody can do, what was skipped, stays or waits for a reboot, and the checks that warn or do not
/// know. At most 200.
std::vector<std::vector<Cell>> items_of(const std::string& said);

/// The last lines of hosts whose script failed, printed as notes; hosts that said the same are one.
class LastLines {
 public:
  /// Takes the last 12 lines, without those that say that all is well.
  void add(const std::string& host, const std::string& said);
  void print(Output& output) const;

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::vector<std::string>> hosts_;  // by what they said
};

}  // namespace cluster::cmd
