#include "node-agent/transaction/outcome.h"

#include "core/text.h"

namespace cluster::agent {

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::detached:
      return "detached";
    case Outcome::already_detached:
      return "already detached";
    case Outcome::would_detach:
      return "would detach";
    case Outcome::attached:
      return "attached";
    case Outcome::already_attached:
      return "already attached";
    case Outcome::without_driver:
      return "no driver";
    case Outcome::would_attach:
      return "would attach";
    case Outcome::rolled_back:
      return "rolled back";
    case Outcome::failed:
      return "failed";
    case Outcome::held_back:
      return "not attached";
    case Outcome::untouched:
      break;
  }
  return "untouched";
}

std::string message(const CardOutcome& outcome) {
  std::vector<std::string> parts;
  if (!outcome.refused.empty()) parts.push_back(message(outcome.refused));
  for (const auto& error : outcome.errors) parts.push_back(message(error));
  return joined(parts, "; ");
}

CardOutcome untouched(const Card& card) {
  CardOutcome outcome{card.label(), {}};
  for (const auto& function : card.functions) {
    outcome.functions.push_back({function, Outcome::untouched});
  }
  return outcome;
}

}  // namespace cluster::agent
