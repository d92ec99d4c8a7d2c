#pragma once

#include <filesystem>

#include "db/inventory.h"

namespace cluster::frontend {

/// The folder for what this frontend keeps of an inventory: that of its file. Of a database that
/// several frontends use: $XDG_STATE_HOME/cluster where that is set, else /var/lib/cluster for who
/// may write there, else ~/.local/state/cluster.
std::filesystem::path state_folder(Inventory& inventory);

/// The folder for what can be made anew: $XDG_CACHE_HOME/cluster where that is set, else
/// /var/cache/cluster for who may write there, else ~/.cache/cluster. Throws Error(io) when none of
/// them is known.
std::filesystem::path cache_folder();

}  // namespace cluster::frontend
