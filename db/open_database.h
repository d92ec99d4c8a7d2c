#pragma once

#include <memory>
#include <string>

#include "db/engine.h"

namespace cluster::db {

/// Opens the database at `place` with the engine that its spelling asks for: PostgreSQL for
/// "postgresql://...", "postgres://..." and "service=NAME", else the SQLite file of that name.
/// Throws what open_postgres() and open_sqlite() throw.
std::unique_ptr<Connection> open_database(const std::string& place);

/// True when `place` is the path of a file, with a folder, an owner and a mode of its own; false
/// when a server has the database.
bool is_file(const std::string& place);

}  // namespace cluster::db
