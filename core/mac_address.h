#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace cluster {

/// The MAC address of one network interface, never the address of a group. It is spelled
/// "52:54:00:1a:2b:3c".
class MacAddress {
 public:
  /// Takes upper and lower case. Throws Error(usage) when `text` is no address, is all zero, or is
  /// a multicast address.
  static MacAddress parse(std::string_view text);

  /// An address with QEMU's and libvirt's own prefix, 52:54:00. It is made of a VM's uuid and the
  /// name of its interface, so the same words always give the same address. Only 24 bits are left
  /// for them, so two VMs may get the same address; another `attempt` gives another one.
  static MacAddress made_of(std::string_view uuid, std::string_view interface, unsigned attempt);

  std::string str() const;  ///< in lower case

  auto operator<=>(const MacAddress&) const = default;

 private:
  std::array<std::uint8_t, 6> bytes_{};
};

}  // namespace cluster
