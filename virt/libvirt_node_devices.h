#pragma once

#include <memory>
#include <string>

#include "virt/node_devices.h"

namespace cluster::virt {

/// NodeDevices by libvirt's nodedev API (https://libvirt.org/html/libvirt-libvirt-nodedev.html),
/// with its driver "vfio". libvirt refuses a function that a running VM has. Nothing when libvirt
/// is not installed or no daemon answers at `uri`; the daemon of a vm-container is
/// "qemu:///system". Waits as long as the daemon does: the caller sets the deadline.
std::unique_ptr<NodeDevices> open_libvirt_node_devices(const std::string& uri, Mode mode,
                                                       StepListener on_step);

}  // namespace cluster::virt
