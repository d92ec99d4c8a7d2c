#pragma once

#include <functional>

#include "db/inventory.h"

namespace cluster::frontend {

/// Calls `check`, which reads rolls and throws when something must not be, and then `act`, which
/// changes them, in a transaction in which they are those that `check` saw. Reading a roll may
/// fetch its files, which is no work for the time in which nobody else may write, so another
/// frontend can change the rolls in between: then both are called again. Throws what they throw,
/// and Error(refused) when others change the rolls again and again.
void on_checked_rolls(Inventory& inventory, const char* what, const std::function<void()>& check,
                      const std::function<void()>& act);

}  // namespace cluster::frontend
