#pragma once

#include "db/author.h"
#include "db/engine.h"

// The history of an SQLite file: triggers that write each change of a row down, in the transaction
// that changes it.
namespace cluster::db {

/// Takes the triggers away, so that a migration does not write down what it moves.
void stop_history(Connection& connection);

/// Makes the triggers anew for all tables as they are now.
void start_history(Connection& connection);

/// Begins a change in the open transaction; what the triggers write belongs to it.
void begin_change(Connection& connection);

/// Ends it before COMMIT: it stays if a row was changed, with its author. Changes that are older
/// than the global attribute `change_days` says [365] are forgotten.
void end_change(Connection& connection, const Author& author);

}  // namespace cluster::db
