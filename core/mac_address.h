#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace cluster {

/// The MAC address of one network interface, never a group's. Spelled "52:54:00:1a:2b:3c".
class MacAddress {
 public:
  /// Takes both cases. Throws Error(usage) when `text` is none, all zero, or a multicast address.
  static MacAddress parse(std::string_view text);

  /// An address below 52:54:00, QEMU's and libvirt's own prefix, made of a VM's uuid and the name
  /// of its interface: always the same for the same words. They have 24 bits, so two VMs may get
  /// the same one; another `attempt` gives another.
  static MacAddress made_of(std::string_view uuid, std::string_view interface, unsigned attempt);

  std::string str() const;  ///< in lower case

  auto operator<=>(const MacAddress&) const = default;

 private:
  std::array<std::uint8_t, 6> bytes_{};
};

}  // namespace cluster
