#include "node-agent/reason.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace cluster::agent {

std::string way_out(const Reason& reason) {
  return reason.needs_root ? "run gpupci as root" : reason.fix;
}

std::string message(const Reason& reason) {
  std::string text = reason.id.empty() ? "" : std::string(reason.id) + ": ";
  text += reason.what;
  const auto fix = way_out(reason);
  if (fix.empty()) return text;
  return text.empty() ? fix : text + "; " + fix;
}

// The first reason of each guard comes before a second one of the same guard, so that no guard is
// left unsaid.
std::string message(const Reasons& reasons) {
  constexpr std::size_t kShown = 4;  // each is worth a line of its own
  std::vector<const Reason*> shown;
  const auto add = [&](bool first) {
    std::vector<std::string_view> seen;
    for (const auto& one : reasons) {
      const bool is_first = std::ranges::find(seen, one.id) == seen.end();
      seen.push_back(one.id);
      if (is_first == first && shown.size() < kShown) shown.push_back(&one);
    }
  };
  add(true);
  add(false);
  std::ranges::sort(shown, std::less<>());  // they are of one list, in its order
  std::vector<std::string> parts;
  for (const auto* one : shown) parts.push_back(message(*one));
  if (reasons.size() > kShown) {
    parts.push_back("and " + std::to_string(reasons.size() - kShown) + " reasons more");
  }
  return joined(parts, "; ");
}

std::vector<std::string_view> ids(const Reasons& reasons) {
  std::vector<std::string_view> names;
  for (const auto& one : reasons) {
    if (std::ranges::find(names, one.id) == names.end()) names.push_back(one.id);
  }
  return names;
}

std::string quoted_name(std::string_view name) {
  std::string inner;
  for (const char c : name) {
    if (c == '\'') {
      inner += "\\x27";
    } else {
      inner += c;
    }
  }
  return quote(inner);
}

std::string name_as_word(std::string_view name) { return printable(shell_word(name)); }

Refused::Refused(Reasons reasons)
    : Error(Fault::refused, message(reasons)), reasons_(std::move(reasons)) {}

FixableError::FixableError(Fault fault, Reason reason)
    : Error(fault, message(reason)), reason_(std::move(reason)) {}

}  // namespace cluster::agent
