#pragma once

#include <string>

#include "core/ip_address.h"

namespace cluster {

/// A network of IP, "10.1.0.0/16" or "fd00::/64".
class Subnet {
 public:
  /// Takes "10.1.0.0/16"; or "10.1.0.0" and as `mask` "255.255.0.0" or "16". Throws Error(usage)
  /// when it is none, also when bits behind the prefix are set.
  static Subnet parse(const std::string& text, const std::string& mask = {});

  /// The network that `address` is in. Takes both as parse() does, and throws as it does.
  static Subnet around(const std::string& address, const std::string& mask = {});

  std::string str() const;  ///< as the kernel spells it, "10.1.0.0/16"
  const std::string& address() const { return address_; }  ///< "10.1.0.0"
  int prefix() const { return prefix_; }                   ///< 1 to 32, of IPv6 to 128
  std::string mask() const;                                ///< "255.255.0.0"
  bool is_v6() const { return is_ip_v6(address_); }

  /// True if `address`, "10.1.0.5", is in it.
  bool has(const std::string& address) const;

  bool operator==(const Subnet&) const = default;

 private:
  // Reads both, and not whether bits behind the prefix are set.
  static Subnet read(const std::string& text, const std::string& mask);

  std::string address_;
  int prefix_ = 0;
};

}  // namespace cluster
