#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node-agent/actions/table.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {

/// What an action does to each card.
struct CardAction {
  std::string_view verb;  ///< "detach", as messages and JSON say it
  CardOutcome (*card)(const Card& card, const std::vector<Card>& together, Tools& tools);
  bool without_libvirt = false;
};

/// Acts under the lock on the card or slice called `target`, or on all cards for "all"; tells what
/// became of each, and returns the exit status. A card that is wedged is refused; one that an act
/// leaves stuck is marked so. "" is all cards with their slices, and none is right then too. Throws
/// Error when nothing was tried.
int detach_attach(const Call& call, const std::string& target, const CardAction& what);

}  // namespace cluster::agent
