#pragma once

#include <string>
#include <vector>

#include "db/inventory.h"
#include "rolls/roll.h"

namespace cluster::cmd {

/// The rolls that are enabled, for what they say of themselves and not for what they do: their
/// checksums are not looked at. One that cannot be read is left out; `list roll` shows it as
/// changed.
std::vector<rolls::Roll> described_rolls(Inventory& inventory);

/// Whether `roll` has something for hosts of `appliance`, or for VMs where it is "vm".
bool concerns(const rolls::Roll& roll, std::string_view appliance);

/// Throws Error(usage) when `name` looks like an attribute of a stored roll, enabled or not, and is
/// none, or `value` is none for it.
void check_roll_attribute(Inventory& inventory, const std::string& name, const std::string& value);

}  // namespace cluster::cmd
