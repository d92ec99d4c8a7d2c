#pragma once

#include "node-agent/guard/card_users.h"

namespace cluster::agent {

/// True when the device of a VM belongs to the card, or is made from it: a virtual function or a
/// mediated device.
bool is_device_of(const Card& card, const std::string& device, const Sysfs& sysfs);

/// The VMs that have a device of vfio, by its folder in sysfs. Each reason has the id of the guard
/// `vm`. Throws Error(io) when /proc cannot be read, and the errors of input.vm_devices().
Reasons device_vms(const std::filesystem::path& device, const GuardInput& input);

}  // namespace cluster::agent
