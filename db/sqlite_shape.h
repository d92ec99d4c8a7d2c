#pragma once

#include <string>
#include <vector>

#include "db/engine.h"

namespace cluster::db {

/// Connection::tables() of an SQLite file, by its pragmas.
std::vector<TableShape> tables_of(Connection& connection);

/// Connection::faults() of an SQLite file: integrity_check and foreign_key_check.
std::vector<std::string> faults_of(Connection& connection);

}  // namespace cluster::db
