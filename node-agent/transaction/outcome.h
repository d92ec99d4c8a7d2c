#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// What became of one function.
enum class Outcome {
  detached,          ///< read back: the stub driver has it
  already_detached,  ///< the stub driver had it before
  would_detach,      ///< only rehearsed
  attached,          ///< read back: its host driver has it again
  already_attached,  ///< the stub driver did not have it
  would_attach,      ///< only rehearsed
  rolled_back,       ///< was detached, and is on its host driver again because another one failed
  failed,            ///< what was asked for did not happen
  held_back,         ///< was not attached, because the function it belongs to could not be
  untouched,         ///< was left alone, because of a refusal or the failure of another
};

/// The word of it in JSON: "already detached".
std::string_view word(Outcome outcome);

/// A function as it was read last, and what became of it.
struct FunctionReport {
  PciFunction function;
  Outcome outcome = Outcome::untouched;
};

/// What became of a card.
struct CardReport {
  std::string name;  ///< "gpupci1", "gpupci1.0"
  std::vector<FunctionReport> functions;
  std::string error;               ///< one line without the card's name; empty when all happened
  std::vector<std::string> steps;  ///< what was done, or would be, as shell lines
  std::vector<std::string_view> refused_by{};  ///< the guards that refused it: "holder"
};

/// A report in which nothing has happened yet.
CardReport untouched(const Card& card);

}  // namespace cluster::agent
