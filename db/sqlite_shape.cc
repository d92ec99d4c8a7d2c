#include "db/sqlite_shape.h"

#include <set>

#include "db/table_order.h"

namespace cluster::db {
namespace {

std::vector<std::string> answers(Connection& connection, const std::string& query) {
  std::vector<std::string> answers;
  const auto statement = connection.prepare(query);
  while (statement->step()) answers.push_back(statement->string(0));
  return answers;
}

// Columns that are generated are hidden in the list of pragma_table_xinfo (2 and 3).
std::vector<ColumnShape> columns_of(Connection& connection, const std::string& table) {
  std::vector<ColumnShape> columns;
  const auto query = connection.prepare(
      "SELECT name, type FROM pragma_table_xinfo(:table) WHERE hidden = 0 ORDER BY cid");
  query->bind(":table", table);
  while (query->step()) columns.push_back({query->string(0), query->text(1) == "INTEGER"});
  return columns;
}

std::set<std::string> targets_of(Connection& connection, const std::string& table) {
  std::set<std::string> targets;
  const auto query = connection.prepare("SELECT \"table\" FROM pragma_foreign_key_list(:table)");
  query->bind(":table", table);
  while (query->step()) targets.insert(query->string(0));
  return targets;
}

}  // namespace

std::vector<TableShape> tables_of(Connection& connection) {
  Targets targets;
  for (const auto& name :
       answers(connection,
               "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
               "substr(name, 1, 7) <> 'sqlite_' AND substr(name, 1, 6) <> 'change' AND "
               "substr(name, 1, 9) <> 'free_card'")) {
    targets[name] = targets_of(connection, name);
  }
  std::vector<TableShape> tables;
  for (const auto& name : in_order(std::move(targets))) {
    tables.push_back({name, columns_of(connection, name)});
  }
  return tables;
}

std::vector<std::string> faults_of(Connection& connection) {
  auto faults = answers(connection, "PRAGMA integrity_check");
  if (faults == std::vector<std::string>{"ok"}) faults.clear();
  const auto keys = connection.prepare(
      "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check ORDER BY 1, 2");
  while (keys->step()) {
    faults.push_back("a row of " + keys->string(0) + " (rowid " + keys->string(1) +
                     ") belongs to nothing in " + keys->string(2));
  }
  return faults;
}

}  // namespace cluster::db
