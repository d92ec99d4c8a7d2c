#pragma once

#include "db/engine.h"

// The triggers of an inventory on PostgreSQL: who changed what, and one writer at a time. They are
// made of its tables, so that no later table can be forgotten.
namespace cluster::db {

/// Makes the triggers anew, within the open transaction of a migration. While the setting
/// cluster.history is 'off', which counts for members of cluster_owner alone, nothing is written
/// down.
void start_postgres_history(Connection& connection);

}  // namespace cluster::db
