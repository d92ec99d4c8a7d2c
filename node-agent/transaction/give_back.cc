#include "core/error.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {

void give_back(const PciAddress& pci, const SavedDrivers::Driver& saved, Tools& tools) {
  tools.devices.attach(pci);
  tools.on_step("readlink " + (tools.input.sysfs.device_path(pci) / "driver").native() +
                (saved ? "  # " + *saved : ""));
  if (tools.mode == virt::Mode::dry_run) return;

  const auto driver = tools.input.sysfs.driver(pci);
  if (driver && tools.input.settings.is_stub(*driver)) {
    throw Error(Fault::io, "it is still on " + *driver);
  }
  if (saved && driver != saved) {
    throw Error(Fault::io, (driver ? "it is on " + *driver : "it has no driver") +
                               ", before it was on " + *saved + " (is that module loaded?)");
  }
}

}  // namespace cluster::agent
