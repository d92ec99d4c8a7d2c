#pragma once

#include <functional>
#include <string>

#include "db/inventory.h"

namespace cluster::frontend {

/// Stores in one transaction what a command that shows something has learned by the way. Returns
/// the reason why that is not stored, and the command has still its answer to show; "" when it is.
/// `what` names the deed.
std::string store_aside(Inventory& inventory, const char* what, const std::function<void()>& work);

/// Throws Error(io) where the inventory can only be read. A command that changes hosts asks this
/// first, so that nothing is done there that could not be noted down.
void require_writable(const Inventory& inventory);

}  // namespace cluster::frontend
