#pragma once

#include <span>
#include <string_view>

namespace cluster {

/// The files schema/NNNN_*.sql in order of number, as they were when this program was built. The
/// n-th (from 1) takes an inventory from version n - 1 to n (PRAGMA user_version).
std::span<const std::string_view> migrations();

/// A file of schema/, by its name: "0019_inventory.postgresql.sql".
struct NamedMigration {
  std::string_view name;
  std::string_view sql;
};

/// The files schema/NNNN_*.postgresql.sql in order of number. The first makes the whole schema of
/// its number; each of the others takes an inventory from the version before it to its own.
std::span<const NamedMigration> postgres_migrations();

/// Who may what on PostgreSQL: schema/roles.postgresql.sql, carried out after each migration.
std::string_view postgres_roles();

}  // namespace cluster
