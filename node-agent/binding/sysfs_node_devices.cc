#include "node-agent/binding/sysfs_node_devices.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "node-agent/kernel/modules_alias.h"

namespace cluster::agent {

SysfsNodeDevices::SysfsNodeDevices(Sysfs sysfs, Settings settings,
                                   std::filesystem::path modules_alias, LoadModule load_module,
                                   virt::Mode mode, virt::StepListener on_step)
    : sysfs_(std::move(sysfs)),
      settings_(std::move(settings)),
      modules_alias_(std::move(modules_alias)),
      load_module_(std::move(load_module)),
      mode_(mode),
      on_step_(std::move(on_step)) {}

void SysfsNodeDevices::detach(const PciAddress& pci) {
  const auto stub = stub_for(pci);
  write(sysfs_.device_path(pci) / "driver_override", stub);
  rebind(pci);
}

std::string SysfsNodeDevices::stub_for(const PciAddress& pci) {
  const auto& stub = settings_.stub_driver;
  if (!settings_.stub_driver_is_named) {
    if (const auto vendor_stub = vendor_stub_for(pci)) return *vendor_stub;
  }
  if (!std::filesystem::exists(sysfs_.driver_path(stub))) load(stub);
  return stub;
}

std::optional<std::string> SysfsNodeDevices::vendor_stub_for(const PciAddress& pci) {
  const auto module = ModulesAlias(modules_alias_).vfio_module(modalias(sysfs_, pci));
  if (module == "vfio_pci") return std::nullopt;
  on_step_("# " + module + " is the driver of vfio that is made for " + pci.sysfs());
  try {
    if (!driver_of(module)) load(module);
  } catch (const Error& error) {
    on_step_("# " + settings_.stub_driver + " instead: " + error.what());
    return std::nullopt;
  }
  auto driver = driver_of(module);
  // In a dry run the module may not be loaded yet. Its driver has its name.
  if (!driver && mode_ == virt::Mode::dry_run) return module;
  return driver;
}

// The name of a driver may have `-` where that of its module has `_`.
std::optional<std::string> SysfsNodeDevices::driver_of(const std::string& module) const {
  auto with_dashes = module;
  std::ranges::replace(with_dashes, '_', '-');
  for (const auto& name : {module, with_dashes}) {
    if (std::filesystem::exists(sysfs_.driver_path(name))) return name;
  }
  return std::nullopt;
}

void SysfsNodeDevices::load(const std::string& module) {
  if (!load_tried_.insert(module).second) return;
  on_step_("modprobe " + module);
  if (mode_ == virt::Mode::act) load_module_(module);
}

void SysfsNodeDevices::attach(const PciAddress& pci) {
  clear_driver_override(pci);
  const auto driver = sysfs_.driver(pci);
  if (!driver || settings_.is_stub(*driver)) rebind(pci);
}

void SysfsNodeDevices::set_driver_override(const PciAddress& pci, const std::string& driver) {
  write(sysfs_.device_path(pci) / "driver_override", driver);
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
