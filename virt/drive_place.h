#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::virt {

/// A place for one disk on a bus that numbers them, as <address type='drive'> says it:
/// https://libvirt.org/formatdomain.html#device-addresses
struct DrivePlace {
  std::string bus;  ///< of the disk: "sata", "scsi", "ide", "fdc"
  int controller = 0;
  int channel = 0;  ///< `bus` of the address
  int target = 0;
  int unit = 0;

  auto operator<=>(const DrivePlace&) const = default;
};

/// The number in the name of a disk in the guest: 0 of "sda" and "xvda", 26 of "vdaa". Returns
/// nothing when it is no such name.
std::optional<int> target_number(std::string_view target);

/// Where libvirt puts disk `target` of `bus` when nobody says it: letters alone count, so "sda" and
/// "hda" have one place on a bus. Returns nothing where a bus has no such places (virtio, usb).
std::optional<DrivePlace> drive_place(std::string_view bus, std::string_view target);

}  // namespace cluster::virt
