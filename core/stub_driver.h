#pragma once

#include <string_view>

namespace cluster {

/// True if a driver of this name holds a function for VMs instead of the host, whatever the
/// settings of a node say: vfio-pci, pci-stub, or a variant of vfio-pci that libvirt prefers for
/// some cards since 10.3 ("nvgrace-gpu-vfio-pci").
constexpr bool is_stub_driver(std::string_view name) {
  return name == "pci-stub" || name.find("vfio-pci") != std::string_view::npos ||
         name.find("vfio_pci") != std::string_view::npos;
}

/// The same on a node whose settings name a driver of their own for that, `stub`; "" when they do
/// not. A function without a driver (an empty name) is held by none.
constexpr bool is_stub_driver(std::string_view name, std::string_view stub) {
  return is_stub_driver(name) || (!name.empty() && name == stub);
}

}  // namespace cluster
