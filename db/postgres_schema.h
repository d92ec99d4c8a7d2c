#pragma once

#include "db/engine.h"

// The tables of an inventory on PostgreSQL: schema/*.postgresql.sql in the schema `cluster`.
namespace cluster::db {

/// Makes the schema, or brings it up to date, as the role cluster_owner, in one transaction. Makes
/// the roles where this login may. Throws Failure, and Error(io) for a schema of a newer version.
void migrate_postgres(Connection& connection);

/// False where migrate_postgres() would change something. Throws Error(io) when this program is too
/// old for the inventory, or may not read it.
bool is_postgres_up_to_date(Connection& connection);

std::vector<TableShape> tables_of_postgres(Connection& connection);

/// Rules that are switched off, constraints that were never checked, indexes that are broken.
std::vector<std::string> faults_of_postgres(Connection& connection);

/// Settings by which a row that was acknowledged could be lost with one machine.
/// https://www.postgresql.org/docs/15/runtime-config-wal.html
std::vector<std::string> weak_settings(Connection& connection);

}  // namespace cluster::db
