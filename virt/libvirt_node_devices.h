#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "virt/node_devices.h"

namespace cluster::virt {

/// NodeDevices by libvirt's nodedev API (https://libvirt.org/html/libvirt-libvirt-nodedev.html),
/// with its driver "vfio". libvirt refuses a function that a running VM has. Nothing when libvirt
/// is not installed or no daemon answers at `uri`; the daemon of a vm-container is
/// "qemu:///system". Waits as long as the daemon does: the caller sets the deadline.
std::unique_ptr<NodeDevices> open_libvirt_node_devices(const std::string& uri, Mode mode,
                                                       StepListener on_step);

/// What to do when `message`, the failure of a look-up of a node device, means that this part of
/// libvirt is not there; "" when it means something else. The part is a package of its own: in
/// RHEL, and in Debian since 13. One libvirtd has it as a driver; else it is the daemon
/// virtnodedevd (https://libvirt.org/daemons.html). `function_is_missing` as Libvirt says it.
std::string way_to_node_devices(bool function_is_missing, std::string_view message);

}  // namespace cluster::virt
