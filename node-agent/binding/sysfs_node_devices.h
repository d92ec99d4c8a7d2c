#pragma once

#include <functional>
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
  SysfsNodeDevices(Sysfs sysfs, Settings settings, LoadModule load_module, virt::Mode mode,
                   virt::StepListener on_step);

  std::string_view through() const override { return "sysfs"; }
  void detach(const PciAddress& pci) override;
  void attach(const PciAddress& pci) override;

  /// Clears a driver_override that would send the function to the stub driver at the next probe.
  void clear_driver_override(const PciAddress& pci);

 private:
  void write(const std::filesystem::path& attribute, const std::string& value);
  void rebind(const PciAddress& pci);

  Sysfs sysfs_;
  Settings settings_;
  LoadModule load_module_;
  bool load_tried_ = false;  ///< once is enough, also in a dry run
  virt::Mode mode_;
  virt::StepListener on_step_;
};

}  // namespace cluster::agent
