#pragma once

#include <string>
#include <vector>

#include "db/inventory.h"
#include "rolls/engine/roll.h"

namespace cluster::cmd {

/// True if `roll` has something for hosts of `appliance`, or for VMs when the appliance is "vm".
bool concerns(const rolls::Roll& roll, std::string_view appliance);

/// Throws Error(usage) when `name` looks like an attribute of a stored roll, enabled or not, but is
/// none, or when `value` is not valid for it.
void check_roll_attribute(Inventory& inventory, const std::string& name, const std::string& value);

}  // namespace cluster::cmd
