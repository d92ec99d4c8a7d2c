#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/environment.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// The host as guards and checks see it; they write nowhere. guard_input() fills in all of it, so a
/// guard sees the same in --check, -d, --vfs, --remove-vgpu and --restore. No path has a default:
/// code that makes an input by hand and forgets a path does not compile.
struct GuardInput {
  const Sysfs& sysfs;
  const Settings& settings;
  std::filesystem::path proc;
  std::filesystem::path modules;        ///< "/lib/modules"
  std::filesystem::path runtime;        ///< "/run"
  std::string ssh_connection;           ///< Environment::ssh_connection
  std::filesystem::path names;          ///< the record of Names
  std::filesystem::path saved_drivers;  ///< the record of SavedDrivers
  std::filesystem::path slices;         ///< the SliceRecord
  std::filesystem::path wedged;         ///< the record of WedgedCards
  std::string boot;                     ///< Environment::boot_id()
  std::string machine;                  ///< Environment::machine()

  /// The cards of the host with their names. A call may throw Error.
  std::function<std::vector<Card>()> cards;

  /// The devices of the running and the saved VMs. Empty where nobody should be asked. A call may
  /// throw Error.
  std::function<std::vector<virt::VmDevice>()> vm_devices;

  /// The time that refusals() waits for holders that may have the card only for a moment.
  std::chrono::milliseconds settle_time{2000};
};

/// A list of cards that `look` makes when it is first asked for, and that stays as it is: for a
/// call in which no card comes or goes. It is shared by copies of the result.
std::function<std::vector<Card>()> looked_at_once(std::function<std::vector<Card>()> look);

/// The input for this environment. `sysfs` and `settings` must outlive it.
GuardInput guard_input(const Environment& environment, const Sysfs& sysfs, const Settings& settings,
                       std::function<std::vector<virt::VmDevice>()> vm_devices = {});

}  // namespace cluster::agent
