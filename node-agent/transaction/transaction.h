#pragma once

#include <functional>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/guard.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/transaction/outcome.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// The tools of a transaction. Whoever acts holds the lock.
struct Tools {
  const GuardInput& input;
  SavedDrivers& saved;
  virt::NodeDevices& devices;
  virt::StepListener on_step;  ///< hears of the steps that are not taken by `devices`
  virt::Mode mode = virt::Mode::act;
  Forced forced{};  ///< the guards that the operator overrides

  /// True when a step did not end, so that nothing more is tried in this boot.
  std::function<bool()> stuck = [] { return false; };
};

/// Takes a card from the host, all functions or none: guard, save each function's driver, detach in
/// the order of the functions, read back each driver. On a failure what was done is put back in
/// reverse order and read back too, and the report says both. Functions that the stub driver has
/// already stay as they are. `same_call` are the cards of the same call. Never throws Error: the
/// report has it.
CardOutcome detach_card(const Card& card, const std::vector<Card>& same_call, Tools& tools);

/// Gives a card back to the host, unless a VM has it: function 0 first, each read back: it must
/// have left the stub driver and, where a driver was saved, have that one again. When a video
/// function or the first one fails, the rest is left alone; other failures do not hold up the rest.
/// Nothing is rolled back: to unbind a driver that has just come back would be the more dangerous
/// act. Never throws Error.
CardOutcome attach_card(const Card& card, Tools& tools);

/// Gives one function back, at whatever point of a detach it is, and reads it back: throws
/// Error(io) when the stub driver has it still, or it has not the driver that was `saved`.
void give_back(const PciAddress& pci, const SavedDrivers::Driver& saved, Tools& tools);

}  // namespace cluster::agent
