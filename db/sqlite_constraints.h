#pragma once

#include <string>
#include <string_view>

#include "db/engine.h"

// SQLite says what refused in words, "UNIQUE constraint failed: gpu.host, gpu.slot". These find the
// name that Failure::constraint promises; "" when there is none.
namespace cluster::db {

/// `message` of SQLITE_CONSTRAINT_UNIQUE or _PRIMARYKEY: "gpu_host_slot_key", "gpu_pkey", or the
/// name of the index that CREATE INDEX gave.
std::string unique_name(Connection& connection, const std::string& message);

/// `message` of SQLITE_CONSTRAINT_CHECK and the statement that was refused: "host_rack_check", or
/// "vm_gpu_check" where the check looks at several columns.
std::string check_name(Connection& connection, const std::string& message, std::string_view sql);

/// `message` of SQLITE_CONSTRAINT_NOTNULL: "host_appliance_not_null".
std::string not_null_name(const std::string& message);

/// `message` of raise() in a trigger and the statement that was refused: the trigger's name.
std::string rule_name(Connection& connection, const std::string& message, std::string_view sql);

/// A foreign key that the database breaks now (SQLite says nothing of it): "vm_container_fkey".
std::string broken_key_name(Connection& connection);

}  // namespace cluster::db
