#pragma once

#include <string>
#include <vector>

namespace cluster::virt {

/// A device of the container in a domain, and where the guest finds it.
struct PlacedDevice {
  std::string device;  ///< "0000:02:00.0", or the UUID of a mediated device
  /// The way there from the guest's root bus, by slot and function: "00/02.0/00.0" is slot 0 behind
  /// the port in slot 2. Buses count from the root, so the way stays when firmware or the kernel
  /// number them otherwise. "" = the document does not say it.
  std::string path;
};

/// The devices that a domain is given, in the order of its document. Throws Error(io) when `xml` is
/// no document of a domain.
std::vector<PlacedDevice> placed_devices(const std::string& xml);

/// The way, as in PlacedDevice::path, to a PCI device that Linux has at
/// "/sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0"; "" when that is the path of none.
std::string path_in_sysfs(const std::string& device);

/// The type of the first serial console of a domain, "pty"; "" = it has none. Throws Error(io) when
/// `xml` is no document of a domain.
std::string console_of(const std::string& xml);

}  // namespace cluster::virt
