#include "node-agent/sysfs_node_devices.h"

#include <filesystem>
#include <utility>

#include "core/file.h"

namespace cluster::agent {

SysfsNodeDevices::SysfsNodeDevices(Sysfs sysfs, std::string stub_driver, LoadModule load_module,
                                   virt::Mode mode, virt::StepListener on_step)
    : sysfs_(std::move(sysfs)),
      stub_driver_(std::move(stub_driver)),
      load_module_(std::move(load_module)),
      mode_(mode),
      on_step_(std::move(on_step)) {}

void SysfsNodeDevices::detach(const PciAddress& pci) {
  if (!load_tried_ && !std::filesystem::exists(sysfs_.driver_path(stub_driver_))) {
    load_tried_ = true;
    on_step_("modprobe " + stub_driver_);
    if (mode_ == virt::Mode::act) load_module_(stub_driver_);
  }
  write(sysfs_.device_path(pci) / "driver_override", stub_driver_);
  rebind(pci);
}

void SysfsNodeDevices::attach(const PciAddress& pci) {
  write(sysfs_.device_path(pci) / "driver_override", "");
  rebind(pci);
}

void SysfsNodeDevices::rebind(const PciAddress& pci) {
  if (sysfs_.driver(pci)) write(sysfs_.device_path(pci) / "driver/unbind", pci.sysfs());
  write(sysfs_.probe_path(), pci.sysfs());
}

// The newline is what `echo` writes too; alone it clears driver_override.
void SysfsNodeDevices::write(const std::filesystem::path& attribute, const std::string& value) {
  on_step_("echo " + (value.empty() ? "" : value + " ") + "> " + attribute.native());
  if (mode_ == virt::Mode::act) write_attribute(attribute, value + "\n");
}

}  // namespace cluster::agent
