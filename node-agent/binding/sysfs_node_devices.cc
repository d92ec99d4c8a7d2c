#include "node-agent/binding/sysfs_node_devices.h"

#include <filesystem>
#include <utility>

#include "core/file.h"

namespace cluster::agent {

SysfsNodeDevices::SysfsNodeDevices(Sysfs sysfs, Settings settings, LoadModule load_module,
                                   virt::Mode mode, virt::StepListener on_step)
    : sysfs_(std::move(sysfs)),
      settings_(std::move(settings)),
      load_module_(std::move(load_module)),
      mode_(mode),
      on_step_(std::move(on_step)) {}

void SysfsNodeDevices::detach(const PciAddress& pci) {
  const auto& stub = settings_.stub_driver;
  if (!load_tried_ && !std::filesystem::exists(sysfs_.driver_path(stub))) {
    load_tried_ = true;
    on_step_("modprobe " + stub);
    if (mode_ == virt::Mode::act) load_module_(stub);
  }
  write(sysfs_.device_path(pci) / "driver_override", stub);
  rebind(pci);
}

void SysfsNodeDevices::attach(const PciAddress& pci) {
  clear_driver_override(pci);
  const auto driver = sysfs_.driver(pci);
  if (!driver || settings_.is_stub(*driver)) rebind(pci);
}

void SysfsNodeDevices::clear_driver_override(const PciAddress& pci) {
  if (settings_.is_stub(sysfs_.driver_override(pci))) {
    write(sysfs_.device_path(pci) / "driver_override", "");
  }
}

void SysfsNodeDevices::rebind(const PciAddress& pci) {
  if (sysfs_.driver(pci)) write(sysfs_.device_path(pci) / "driver/unbind", pci.sysfs());
  write(sysfs_.probe_path(), pci.sysfs());
}

// `echo` writes a newline too. A newline alone clears driver_override.
void SysfsNodeDevices::write(const std::filesystem::path& attribute, const std::string& value) {
  on_step_("echo " + (value.empty() ? "" : value + " ") + "> " + attribute.native());
  if (mode_ == virt::Mode::act) write_attribute(attribute, value + "\n");
}

}  // namespace cluster::agent
