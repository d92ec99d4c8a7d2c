#pragma once

#include <string>
#include <vector>

#include "db/rows.h"

namespace cluster::cmd {

/// Throws Error(usage) when one of `values`, columns of a new row of `table`, is nothing that a
/// command would have stored: a host's name that is none or is reserved, an address that ssh would
/// take for an option, a card's name that nobody can read back. The schema cannot tell these.
/// `appliances` are those of the inventory.
void check_row(const std::vector<std::string>& appliances, const std::string& table,
               const InventoryRows::Values& values);

}  // namespace cluster::cmd
