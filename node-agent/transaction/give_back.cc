#include "core/error.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {

void give_back(const PciAddress& pci, const Before& before, Tools& tools) {
  const auto& sysfs = tools.input.sysfs;
  const auto is_stub = [&](const auto& driver) {
    return driver && tools.input.settings.is_stub(*driver);
  };
  // A driver_override says which driver takes the function. But when the driver from before is
  // another one, it was set later, and must not keep that driver away.
  const auto now = sysfs.driver(pci);
  const bool at_home = now && !is_stub(now);
  const bool last = at_home || (before.driver && before.driver != before.only);
  if (before.only && !last) tools.devices.set_driver_override(pci, *before.only);
  tools.devices.attach(pci);
  if (before.only && last) tools.devices.set_driver_override(pci, *before.only);
  tools.on_step("readlink " + (sysfs.device_path(pci) / "driver").native() +
                (before.driver ? "  # " + *before.driver : ""));
  if (tools.mode == virt::Mode::dry_run) return;

  const auto driver = sysfs.driver(pci);
  if (is_stub(driver)) throw Error(Fault::io, "it is still on " + *driver);
  if (before.driver && driver != before.driver) {
    throw Error(Fault::io, (driver ? "it is on " + *driver : "it has no driver") +
                               ", before it was on " + *before.driver +
                               " (is that module loaded?)");
  }
}

}  // namespace cluster::agent
