#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/reason.h"

namespace cluster::agent {

/// The result for one function.
enum class Outcome {
  detached,          ///< read back: the stub driver has it
  already_detached,  ///< the stub driver had it before
  would_detach,      ///< in a dry run
  attached,          ///< read back: its host driver has it again
  already_attached,  ///< a host driver had it before
  without_driver,    ///< was given back, and no host driver has taken it; none was saved
  would_attach,      ///< in a dry run
  rolled_back,       ///< was detached, and is on its host driver again because another one failed
  failed,            ///< the request was not carried out
  held_back,         ///< was not attached, because the function it belongs to could not be
  untouched,         ///< was left alone, because of a refusal or the failure of another
};

/// The word for it in JSON: "already detached".
std::string_view word(Outcome outcome);

/// A function as it was read last, and its outcome.
struct FunctionOutcome {
  PciFunction function;
  Outcome outcome = Outcome::untouched;
};

/// The result for a card.
struct CardOutcome {
  std::string name;  ///< "gpupci1", "gpupci1.0"
  std::vector<FunctionOutcome> functions;
  std::vector<std::string> steps{};  ///< taken, or to be taken, as shell lines
  Reasons refused{};                 ///< by guards, before anything was done
  Reasons errors{};                  ///< the failures and their results, in that order

  /// Whole sentences on what the operator should know although all that was asked for has happened.
  std::vector<std::string> notes{};

  /// True when all that was asked for has happened.
  bool ok() const { return refused.empty() && errors.empty(); }
};

/// The reasons why not all of it happened, in one line without the card's name; empty when all of
/// it did.
std::string message(const CardOutcome& outcome);

/// An outcome in which nothing has happened yet.
CardOutcome untouched(const Card& card);

}  // namespace cluster::agent
