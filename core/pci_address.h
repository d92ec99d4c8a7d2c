#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace cluster {

/// One PCI function. The same address has three spellings, and parse() takes them all:
///   libvirt  pci_0000_02_00_0  virsh nodedev-list --cap pci
///   sysfs    0000:02:00.0      /sys/bus/pci/devices/
///   lspci    02:00.0           lspci without -D; the domain is 0000
struct PciAddress {
  std::uint32_t domain = 0;   ///< 4 to 8 hex digits; Intel VMD starts at 0x10000
  std::uint8_t bus = 0;       ///< 0x00..0xff
  std::uint8_t slot = 0;      ///< 0x00..0x1f
  std::uint8_t function = 0;  ///< 0..7

  /// Throws Error(usage) when `text` is no spelling of an address or a field is out of range.
  static PciAddress parse(std::string_view text);

  std::string sysfs() const;    ///< "0000:02:00.0"
  std::string libvirt() const;  ///< "pci_0000_02_00_0", the spelling that is stored and shown

  /// True if `other` is a function of the same card: all fields but the function are equal.
  bool same_slot(const PciAddress& other) const;

  auto operator<=>(const PciAddress&) const = default;
};

}  // namespace cluster
