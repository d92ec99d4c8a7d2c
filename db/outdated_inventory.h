#pragma once

#include "core/error.h"

namespace cluster {

/// The refusal of an inventory that has not the tables of this version of the program, and would
/// get them by an upgrade.
struct OutdatedInventory : Error {
  using Error::Error;
};

}  // namespace cluster
