#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "db/inventory.h"

// The names that new hosts and VMs get.
namespace cluster::cmd {

/// Throws Error(usage) when `name` would be read as something else: an appliance, "rack0", "free",
/// or a verb or noun of a command. `what` is "host name" or "VM name".
void refuse_words(Inventory& inventory, const std::string& what, const std::string& name);

/// The same, where the inventory has these `appliances`.
void refuse_words(const std::vector<std::string>& appliances, const std::string& what,
                  const std::string& name);

/// The name of a new appliance or network: `text`, which is no word of the command line and has
/// letters in lower case, digits, '-' and '_', a letter first. Throws Error(usage).
std::string parse_short_name(const std::string& what, const std::string& text);

/// The addresses of `count` new hosts. "10.0.0.1" counts up, by one for each host; "10.0.1.[1-4]"
/// and "n[1-4].example" name one for each. Throws Error(usage) when they are not as many as the
/// hosts, or when counting leaves the network in which it begins: 10.0.0.0/8, a /64 of IPv6.
std::vector<std::string> counting_addresses(const std::string& first, std::size_t count);

}  // namespace cluster::cmd
