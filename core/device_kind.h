#pragma once

#include <string_view>

namespace cluster {

/// What a device that a VM can be given is, as far as it matters to the VM.
enum class DeviceKind {
  unknown,   ///< only its address is known
  gpu,       ///< classes 0300, 0302, 0380 and 1200
  nvme,      ///< class 0108
  nvswitch,  ///< class 0680 of NVIDIA
  other,
};

/// The kind of one function. `device_class` is base class and subclass in four hex digits, "0302"
/// (PCI Code and ID Assignment Specification), and `vendor` four hex digits, "10de".
constexpr DeviceKind device_kind(std::string_view device_class, std::string_view vendor) {
  if (device_class == "0300" || device_class == "0302" || device_class == "0380" ||
      device_class == "1200") {
    return DeviceKind::gpu;
  }
  if (device_class == "0108") return DeviceKind::nvme;
  if (device_class == "0680" && vendor == "10de") return DeviceKind::nvswitch;
  return DeviceKind::other;
}

}  // namespace cluster
