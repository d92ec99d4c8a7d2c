#pragma once

#include <optional>
#include <string>

#include "core/subnet.h"

namespace cluster {

/// A kind of host.
struct Appliance {
  std::string name;      ///< "compute"; letters in lower case, digits and '-'
  bool managed = false;  ///< whether `run host` without names goes there
  int hosts = 0;         ///< the number of its hosts; it is only read
};

/// A network of the site.
struct Network {
  std::string name;  ///< "private"; letters in lower case, digits, '-' and '_'
  Subnet subnet;
  std::optional<std::string> gateway = {};  ///< an address in it
  std::optional<int> vlan = {};             ///< 1..4094
  std::optional<int> mtu = {};              ///< in bytes, 68..65535
  std::optional<std::string> zone = {};     ///< of DNS; nothing: `name`

  const std::string& dns_zone() const { return zone ? *zone : name; }
};

}  // namespace cluster
