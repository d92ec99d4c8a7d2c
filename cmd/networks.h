#pragma once

#include <string>
#include <vector>

#include "db/inventory.h"
#include "db/network.h"

namespace cluster::cmd {

/// The networks that are named, in this order; all without a name. Throws Error(not_found).
std::vector<Network> chosen_networks(Inventory& inventory, const std::vector<std::string>& names);

/// Throws Error(usage) when `address` is one of IP and not in `network`.
void require_in_network(const Network& network, const std::string& address);

}  // namespace cluster::cmd
