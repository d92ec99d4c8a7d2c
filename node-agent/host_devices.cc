#include "node-agent/host_devices.h"

#include <utility>

#include "node-agent/modprobe.h"
#include "node-agent/sysfs_node_devices.h"
#include "virt/libvirt_node_devices.h"

namespace cluster::agent {

std::unique_ptr<virt::NodeDevices> open_host_devices(const Sysfs& sysfs, const Settings& settings,
                                                     virt::Mode mode, virt::StepListener on_step) {
  if (settings.stub_driver == "vfio-pci") {
    auto devices = virt::open_libvirt_node_devices("qemu:///system", mode, on_step);
    if (devices) return devices;
  }
  return std::make_unique<SysfsNodeDevices>(sysfs, settings.stub_driver, modprobe, mode,
                                            std::move(on_step));
}

}  // namespace cluster::agent
