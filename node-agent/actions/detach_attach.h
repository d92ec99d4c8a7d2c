#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node-agent/actions/table.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {

/// The part of an action that is done to each unit of cards.
struct CardAction {
  std::string_view verb;  ///< "detach", as messages and JSON say it
  std::vector<CardOutcome> (*unit)(const Unit& unit, const std::vector<Card>& same_call,
                                   Tools& tools);
  bool without_libvirt = false;
  bool way_back = false;  ///< it gives back; nothing that cannot be written may stop it
};

/// Acts under the lock on the card or slice called `target`, or on all cards for "all". Prints the
/// result for each, and returns the exit status. A card that is wedged is refused. A card that an
/// act leaves stuck is marked as wedged. An empty `target` means all cards with their slices; then
/// it is no error when there is none. Throws Error when nothing was tried.
int detach_attach(const Call& call, const std::string& target, const CardAction& what);

}  // namespace cluster::agent
