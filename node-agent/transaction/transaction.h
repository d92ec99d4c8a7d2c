#pragma once

#include <functional>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/guard.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/transaction/outcome.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// The tools of a transaction. A caller that acts holds the lock.
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

/// Takes a card from the host, all functions or none, in these steps: guard, save each function's
/// driver, detach in the order of the functions, read back each driver. On a failure all that was
/// done is put back in reverse order and read back too, and the report says both. Functions that
/// the stub driver already has stay as they are. `same_call` are the cards of the same call. This
/// never throws Error: the report has it.
CardOutcome detach_card(const Card& card, const std::vector<Card>& same_call, Tools& tools);

/// Gives a card back to the host, unless a VM has it. Function 0 comes first, and each function is
/// read back: it must have left the stub driver and, where a driver was saved, have that driver
/// again. When a video function or the first one fails, the rest is left alone; other failures do
/// not stop the rest. Nothing is rolled back: it would be more dangerous to unbind a driver that
/// has just come back. This never throws Error.
CardOutcome attach_card(const Card& card, Tools& tools);

/// Gives one function back, whatever step a detach had reached, and reads it back. Throws Error(io)
/// when the stub driver still has it, or when it does not have the driver that was `saved`.
void give_back(const PciAddress& pci, const SavedDrivers::Driver& saved, Tools& tools);

}  // namespace cluster::agent
