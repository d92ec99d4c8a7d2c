#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/mac_address.h"
#include "db/inventory.h"
#include "db/network.h"

namespace cluster::frontend {

/// An address of IP that a host or a VM has, and the name that goes with it.
struct NamedAddress {
  std::string name;  ///< the host's; "VM-INTERFACE" for a second interface that has addresses
  std::string address;
  std::optional<MacAddress> mac = {};       ///< of its interface, where it is known
  std::optional<std::string> network = {};  ///< its name; nothing: none is named, none has it
};

/// What the inventory knows of the addresses of some hosts.
struct HostAddresses {
  std::vector<NamedAddress> known;   ///< in the order of the hosts
  std::vector<std::string> without;  ///< hosts that have none of IP
};

/// Gathers them. A network is the one that the host or the interface names, or else the only one
/// whose subnet has the address.
HostAddresses addresses_of(Inventory& inventory, const std::vector<Host>& hosts);

}  // namespace cluster::frontend
