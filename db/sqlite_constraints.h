#pragma once

#include <string>
#include <string_view>

#include "db/engine.h"

// SQLite says in words which constraint refused, "UNIQUE constraint failed: gpu.host, gpu.slot".
// These functions find the name that Failure::constraint promises; "" when there is none.
namespace cluster::db {

/// Takes the `message` of SQLITE_CONSTRAINT_UNIQUE or _PRIMARYKEY. Gives "gpu_host_slot_key",
/// "gpu_pkey", or the name of the index that CREATE INDEX gave.
std::string unique_name(Connection& connection, const std::string& message);

/// Takes the `message` of SQLITE_CONSTRAINT_CHECK and the statement that was refused. Gives
/// "host_rack_check", or "vm_gpu_check" when the check looks at several columns.
std::string check_name(Connection& connection, const std::string& message, std::string_view sql);

/// Takes the `message` of SQLITE_CONSTRAINT_NOTNULL. Gives "host_appliance_not_null".
std::string not_null_name(const std::string& message);

/// Takes the `message` of raise() in a trigger and the statement that was refused. Gives the
/// trigger's name.
std::string rule_name(Connection& connection, const std::string& message, std::string_view sql);

/// A foreign key that the database breaks now, "vm_container_fkey"; SQLite does not name it.
std::string broken_key_name(Connection& connection);

}  // namespace cluster::db
