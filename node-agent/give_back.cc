#include "core/error.h"
#include "core/file.h"
#include "node-agent/transaction.h"

namespace cluster::agent {
namespace {

void clear_driver_override(const PciAddress& pci, Tools& tools) {
  const auto attribute = tools.sysfs.device_path(pci) / "driver_override";
  tools.on_step("echo > " + attribute.native());
  if (tools.mode == virt::Mode::act) write_attribute(attribute, "\n");
}

void read_back(const PciAddress& pci, const SavedDrivers::Driver& saved, const Tools& tools) {
  const auto driver = tools.sysfs.driver(pci);
  if (driver && tools.settings.is_stub(*driver)) {
    throw Error(Fault::io, pci.sysfs() + " is still on " + *driver);
  }
  if (saved && driver != saved) {
    throw Error(Fault::io, pci.sysfs() + (driver ? " is on " + *driver : " has no driver") +
                               ", before it was on " + *saved + " (is that module loaded?)");
  }
  const auto only = tools.sysfs.driver_override(pci);
  if (tools.settings.is_stub(only)) {
    throw Error(Fault::io, "driver_override of " + pci.sysfs() + " is still " + only);
  }
}

}  // namespace

bool is_away(const PciAddress& pci, const SavedDrivers::Driver& saved, const Tools& tools) {
  const auto driver = tools.sysfs.driver(pci);
  if (driver) return tools.settings.is_stub(*driver);
  return saved || tools.settings.is_stub(tools.sysfs.driver_override(pci));
}

void give_back(const PciAddress& pci, const SavedDrivers::Driver& saved, Tools& tools) {
  const bool away = is_away(pci, saved, tools);
  if (away) {
    tools.devices.attach(pci);
    tools.on_step("readlink " + (tools.sysfs.device_path(pci) / "driver").native() +
                  (saved ? "  # " + *saved : ""));
    if (tools.mode == virt::Mode::rehearse) return;
  }
  // Who detached it need not be who attaches it now, and may have died between two steps.
  if (tools.settings.is_stub(tools.sysfs.driver_override(pci))) clear_driver_override(pci, tools);
  if (tools.mode == virt::Mode::act) read_back(pci, saved, tools);
}

}  // namespace cluster::agent
