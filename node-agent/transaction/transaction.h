#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/guard.h"
#include "node-agent/kernel/modules_alias.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/transaction/outcome.h"
#include "node-agent/transaction/unit.h"
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

  /// True when libvirt does not answer. It is asked only where a step was given up.
  std::function<bool()> libvirt_is_silent = [] { return false; };

  /// True when it is not sure which card this is, as bus numbers have changed (Names).
  std::function<bool(const Card&)> in_doubt = [](const Card&) { return false; };

  /// Throws Error(refused) when gpupci was told to end, or has looked for too long: no step may
  /// begin then. It is called before the first step, and before each function of a detach.
  std::function<void()> may_go_on = [] {};

  /// The steps since the last call, of `devices` and of `on_step`.
  std::function<std::vector<std::string>()> take_steps = [] { return std::vector<std::string>(); };

  /// The lines of modules.alias, a file of some megabytes; nothing before somebody needs them.
  std::optional<ModulesAlias> aliases{};
};

/// Takes the cards of a unit from the host, all functions of all of them or none, in these steps:
/// guard each card, save each function's driver and driver_override, detach in the order of the
/// functions, read back each driver. Before each further function the guards whose answer may have
/// changed are asked again. On a failure all that was done is put back in reverse order and read
/// back too, and the outcomes say both. Functions that the stub driver already has stay as they
/// are. When a card of the unit is refused, so are the others. `same_call` are the cards of the
/// same call that are to be detached. The outcomes are in the order of the unit. This never throws
/// Error: the outcomes have it.
std::vector<CardOutcome> detach_unit(const Unit& unit, const std::vector<Card>& same_call,
                                     Tools& tools);

/// Gives the cards of a unit back to the host, unless a VM has one of them. Of each card function 0
/// comes first, and each function is read back: it must have left the stub driver and, where a
/// driver was saved, have that driver again. When a video function or the first one fails, the rest
/// of the card is left alone; other failures do not stop the rest. Nothing is rolled back: it would
/// be more dangerous to unbind a driver that has just come back. What cannot be written down does
/// not stop it either, and is a note. This never throws Error.
std::vector<CardOutcome> attach_unit(const Unit& unit, Tools& tools);

/// A function before it was detached, as far as it shall be so again.
struct Before {
  SavedDrivers::Driver driver{};      ///< nothing when any driver is right, or none
  std::optional<std::string> only{};  ///< its driver_override, when it had one
};

/// Gives one function back, whatever step a detach had reached, and reads it back. Throws Error(io)
/// when the stub driver still has the function, or when it does not have the driver from before.
void give_back(const PciAddress& pci, const Before& before, Tools& tools);

}  // namespace cluster::agent
