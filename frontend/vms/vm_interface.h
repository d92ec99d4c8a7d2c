#pragma once

#include <string>

#include "core/vm_devices.h"

// The words of a VM's network interface. All functions throw Error(usage) that says what would be
// right.
namespace cluster::frontend {

/// A name of letters and digits, "eth0".
std::string parse_interface_name(const std::string& text);

/// The bridge, the device or the network that the interface is joined to.
std::string parse_interface_source(InterfaceKind kind, const std::string& text);

/// The model that the guest sees, "virtio".
std::string parse_interface_model(const std::string& text);

}  // namespace cluster::frontend
