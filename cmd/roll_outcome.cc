#include "cmd/roll_outcome.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/folded_names.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

using Outcome = rolls::ScriptReport::Outcome;

constexpr std::size_t kMostItems = 200;
constexpr std::size_t kMostLines = 12;
constexpr std::size_t kMostBytes = 400;  // of one line

std::string bounded(std::string_view line) {
  return printable(line.substr(0, kMostBytes)) + (line.size() > kMostBytes ? " ..." : "");
}

std::string last_line(const std::string& text) {
  std::string_view last;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) last = trim(line);
  }
  return bounded(last);
}

// The words of prelude.sh and undo.sh before an item that the operator wants to see.
constexpr std::array<std::string_view, 5> kItems{"would", "needs", "skipped", "waits", "stays"};
constexpr std::array<std::string_view, 2> kDone{"ok", "changed"};

// A line "ROLL: WORD    WHAT" of a script.
struct ScriptLine {
  std::string roll;
  std::string word;
  std::string what;
};

std::optional<ScriptLine> script_line(std::string_view line) {
  const auto colon = line.find(": ");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto roll = line.substr(0, colon);
  if (roll.find(' ') != std::string_view::npos) return std::nullopt;
  const auto rest = line.substr(colon + 2);
  const auto space = rest.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return ScriptLine{bounded(roll), std::string(rest.substr(0, space)),
                    std::string(trim(rest.substr(space)))};
}

// A line "ID CARD RESULT REASON", or one without CARD, of a program that checks: its result, if
// that is no clear one.
std::optional<std::string> unclear_result(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto word : split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
    if (words.size() == 3) break;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "WARN") return "warn";
    if (words[i] == "UNKNOWN") return "unknown";
  }
  return std::nullopt;
}

}  // namespace

std::string word(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::reboot:
      return "reboot";
    case Outcome::failed:
      return "failed";
  }
  return "";
}

RollOutcome outcome_of(const frontend::AgentAnswer& answer, const std::string& token,
                       const std::string& roll) {
  const auto& reply = answer.reply;
  if (const auto error = frontend::unfinished(answer)) return {Outcome::failed, error->what()};
  const auto report = rolls::find_report(answer.out, token);
  if (report && report->outcome == Outcome::failed) {
    // The failed roll may be one that this roll requires.
    return {Outcome::failed,
            (report->roll == roll ? "" : bounded(report->roll) + ": ") + bounded(report->words)};
  }
  if (report && reply.status == 0) return {report->outcome, bounded(report->words)};
  const std::string why = "the script did not come to its end";
  if (reply.status == 0) return {Outcome::failed, why + ": " + last_line(answer.out)};
  // It was killed, or there is no shell.
  const auto printed = last_line(answer.err.empty() ? answer.out : answer.err);
  return {Outcome::failed, why + " (status " + std::to_string(reply.status) + ")" +
                               (printed.empty() ? "" : ": " + printed)};
}

std::string said_by(const frontend::AgentAnswer& answer, const std::string& token) {
  std::string said;
  for (const auto* text : {&answer.out, &answer.err}) {
    for (const auto line : split(*text, '\n')) {
      if (!line.empty() && !line.starts_with(token + "\t")) said += std::string(line) + "\n";
    }
  }
  return said;
}

std::vector<std::vector<Cell>> items_of(const std::string& said) {
  std::vector<std::vector<Cell>> rows;
  std::string roll;
  for (const auto line : split(said, '\n')) {
    if (rows.size() == kMostItems) break;
    const auto item = script_line(line);
    if (item && std::ranges::find(kItems, item->word) != kItems.end()) {
      rows.push_back({item->roll, item->word, known(bounded(item->what))});
    } else if (const auto result = unclear_result(line)) {
      rows.push_back({roll, *result, bounded(line)});
    }
    if (item) roll = item->roll;
  }
  return rows;
}

void LastLines::add(const std::string& host, const std::string& said) {
  std::vector<std::string> lines;
  for (const auto line : split(said, '\n')) {
    const auto item = script_line(line);
    const bool is_done = item && std::ranges::find(kDone, item->word) != kDone.end();
    if (!trim(line).empty() && !is_done) lines.push_back(bounded(line));
  }
  if (lines.size() > kMostLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kMostLines));
  }
  if (lines.empty()) return;
  const auto text = joined(lines, "\n");
  auto& hosts = hosts_[text];
  if (hosts.empty()) order_.push_back(text);
  hosts.push_back(host);
}

void LastLines::print(Output& output) const {
  for (const auto& text : order_) {
    const auto who = counted_names(hosts_.at(text));
    for (const auto line : split(text, '\n')) output.note(who + ": " + std::string(line));
  }
}

}  // namespace cluster::cmd
