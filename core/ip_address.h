#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// The address of a machine in its network, "10.1.0.5/24" or "fd00::5/64".
class IpAddress {
 public:
  /// Throws Error(usage) when `text` is no address with a prefix, or is none that a machine can
  /// have: of a whole network, a broadcast, a multicast, a loopback address.
  static IpAddress parse(std::string_view text);

  std::string str() const;  ///< as the kernel spells it, with the prefix
  const std::string& address() const { return text_; }  ///< the same without the prefix
  int prefix() const { return prefix_; }
  bool is_v6() const { return bytes_.size() != 4; }

  /// True if `address`, "10.1.0.1", is in the same network.
  bool reaches(const std::string& address) const;

  bool operator==(const IpAddress&) const = default;

 private:
  std::string bytes_;  // in network order: 4 or 16
  std::string text_;
  int prefix_ = 0;
};

/// True if `text` is an address of IPv4 or IPv6, without a prefix.
bool is_ip_address(const std::string& text);

/// True if `address`, which is one of IPv4 or IPv6, is one of IPv6.
bool is_ip_v6(std::string_view address);

/// True if `address` means nothing on other machines: a loopback address, or one that a machine has
/// chosen for its own link (169.254.0.0/16, RFC 3927, and fe80::/10), with or without a zone.
bool is_local_address(const std::string& address);

/// True if both are addresses of one family whose first `bits` bits are the same.
bool share_prefix(const std::string& one, const std::string& other, int bits);

/// The same address as the kernel spells it, "fe80::1" for "FE80:0::1"; "" when `text` is none.
std::string spelled_address(const std::string& text);

/// The addresses of "10.1.0.5/24,fd00::5/64", each once; none of "" and of "dhcp". Throws
/// Error(usage).
std::vector<IpAddress> parse_ip_addresses(std::string_view text);

/// As parse_ip_addresses() reads them; "" = none.
std::string ip_addresses_text(const std::vector<IpAddress>& addresses);

}  // namespace cluster
