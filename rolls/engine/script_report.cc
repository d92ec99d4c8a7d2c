#include "rolls/engine/script_report.h"

#include "core/random.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

std::optional<ScriptReport::Outcome> outcome_of(std::string_view word) {
  if (word == "done") return ScriptReport::Outcome::done;
  if (word == "reboot") return ScriptReport::Outcome::reboot;
  if (word == "failed") return ScriptReport::Outcome::failed;
  return std::nullopt;
}

}  // namespace

std::string new_report_token() { return random_hex(16); }

std::optional<ScriptReport> find_report(const std::string& printed, const std::string& token) {
  for (const auto line : split(printed, '\n')) {
    const auto cells = split(line, '\t');
    if (cells.size() != 4 || cells[0] != token) continue;
    const auto outcome = outcome_of(cells[1]);
    if (outcome) return ScriptReport{*outcome, std::string(cells[2]), std::string(cells[3])};
  }
  return std::nullopt;
}

}  // namespace cluster::rolls
