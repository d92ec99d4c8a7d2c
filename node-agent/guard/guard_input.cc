#include "node-agent/guard/guard_input.h"

#include <memory>
#include <optional>
#include <utility>

namespace cluster::agent {

std::function<std::vector<Card>()> looked_at_once(std::function<std::vector<Card>()> look) {
  auto seen = std::make_shared<std::optional<std::vector<Card>>>();
  return [seen, look = std::move(look)] {
    if (!*seen) *seen = look();
    return **seen;
  };
}

GuardInput guard_input(const Environment& environment, const Sysfs& sysfs, const Settings& settings,
                       std::function<std::vector<virt::VmDevice>()> vm_devices) {
  return {.sysfs = sysfs,
          .settings = settings,
          .proc = environment.proc,
          .modules = environment.modules,
          .runtime = environment.runtime,
          .ssh_connection = environment.ssh_connection,
          .names = environment.names,
          .saved_drivers = environment.saved_drivers,
          .slices = environment.slices,
          .wedged = environment.wedged,
          .boot = environment.boot_id(),
          .machine = environment.machine(),
          .cards = [&sysfs, &settings] { return find_cards(sysfs, settings); },
          .vm_devices = std::move(vm_devices)};
}

}  // namespace cluster::agent
