#pragma once

#include <memory>

#include "db/engine.h"
#include "db/file_store.h"

namespace cluster::db {

/// The files of rolls in the tables `roll_chunk` and `roll_file`, through `connection`, which
/// outlives it.
std::unique_ptr<FileStore> postgres_files(Connection& connection);

}  // namespace cluster::db
