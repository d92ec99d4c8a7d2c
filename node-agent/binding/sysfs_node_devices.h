#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "node-agent/kernel/sysfs.h"
#include "node-agent/settings.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// Loads a kernel module by name; throws Error(io).
using LoadModule = std::function<void(const std::string& module)>;

/// NodeDevices by sysfs alone, for nodes where no libvirt daemon answers. `driver_override` names
/// the one driver that may take this one address, so a second card of the same model is left alone.
/// `new_id` cannot do that (Documentation/ABI/testing/sysfs-bus-pci). A write blocks until the
/// driver lets go, which can be for ever. So the caller acts in a child (device_worker.h).
class SysfsNodeDevices : public virt::NodeDevices {
 public:
  /// `modules_alias` is the file that names a vendor's driver of vfio for a model
  /// (kernel/modules_alias.h). libvirt chooses that driver from 10.3 on, and so do we, unless the
  /// settings name a stub driver or that driver cannot be loaded.
  SysfsNodeDevices(Sysfs sysfs, Settings settings, std::filesystem::path modules_alias,
                   LoadModule load_module, virt::Mode mode, virt::StepListener on_step);

  std::string_view through() const override { return "sysfs"; }
  void detach(const PciAddress& pci) override;
  void attach(const PciAddress& pci) override;
  void set_driver_override(const PciAddress& pci, const std::string& driver) override;

  /// Clears a driver_override that would send the function to the stub driver at the next probe.
  void clear_driver_override(const PciAddress& pci);

 private:
  void write(const std::filesystem::path& attribute, const std::string& value);
  void rebind(const PciAddress& pci);

  // The stub driver that is to have the function. It is loaded.
  std::string stub_for(const PciAddress& pci);
  std::optional<std::string> vendor_stub_for(const PciAddress& pci);
  std::optional<std::string> driver_of(const std::string& module) const;
  void load(const std::string& module);

  Sysfs sysfs_;
  Settings settings_;
  std::filesystem::path modules_alias_;
  LoadModule load_module_;
  std::set<std::string> load_tried_;  ///< once is enough, also in a dry run
  virt::Mode mode_;
  virt::StepListener on_step_;
};

}  // namespace cluster::agent
