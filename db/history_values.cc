#include "db/history_values.h"

#include <algorithm>
#include <array>

#include "core/secret_names.h"

namespace cluster::db {
namespace {

// Whose row it is, by the first of these columns that a table has.
constexpr std::array kOwners{"host", "vm", "container", "name"};

// Values that are long, or may have secrets: only that they changed is written down.
constexpr std::array kNotKept{"vm_definition.rendered", "vm_definition.defined",
                              "domain_capability.facts"};

std::string of(const std::string& row, const std::string& column) {
  return row + ".\"" + column + "\"";
}

}  // namespace

bool is_seen(const std::string& column) { return column == "seen" || column.ends_with("_seen"); }

std::string kept_value(const std::string& table, const std::string& column,
                       const std::string& row) {
  auto value = of(row, column);
  if (std::ranges::find(kNotKept, table + "." + column) != kNotKept.end()) return "'(not kept)'";
  if (table != "attribute" || column != "value") return value;
  std::string is_secret;
  for (const auto part : kSecretParts) {
    const auto name = "'_' || lower(" + row + ".name) || '$'";
    is_secret += (is_secret.empty() ? "" : " OR ") +
                 ("replace(" + name + ", '" + std::string(part) + "', '') <> " + name);
  }
  return "CASE WHEN " + is_secret + " THEN '(not kept)' ELSE " + value + " END";
}

std::string owner_value(const TableShape& table, const std::string& row) {
  if (table.name == "roll" || table.name == "appliance" || table.name == "network") return "NULL";
  for (const auto* owner : kOwners) {
    if (std::ranges::find(table.columns, owner, &ColumnShape::name) != table.columns.end()) {
      return of(row, owner);
    }
  }
  return "NULL";
}

std::string row_differs(const TableShape& table) {
  std::string differs;
  for (const auto& column : table.columns) {
    if (is_seen(column.name)) continue;
    differs += (differs.empty() ? "" : " OR ") + of("OLD", column.name) + " IS DISTINCT FROM " +
               of("NEW", column.name);
  }
  return differs;
}

}  // namespace cluster::db
