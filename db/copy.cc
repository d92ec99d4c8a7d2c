#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/rows.h"

namespace cluster {
namespace {

int count(db::Connection& db, const std::string& table) {
  const auto query = db.prepare("SELECT count(*) FROM \"" + table + "\"");
  query->step();
  return query->number(0);
}

// Adds the rows of `from`, in the order in which they were written, to the same table of `to`.
int copy_history(db::Connection& from, db::Connection& to, const db::TableShape& table) {
  std::string columns;
  std::string binds;
  std::vector<std::string> parameters;
  for (const auto& column : table.columns) {
    parameters.push_back(":" + column.name);
    columns += (columns.empty() ? "\"" : ", \"") + column.name + "\"";
    binds += (binds.empty() ? ":" : ", :") + column.name;
  }
  const auto query = from.prepare("SELECT " + columns + " FROM \"" + table.name + "\" ORDER BY 1");
  const auto insert =
      to.prepare("INSERT INTO \"" + table.name + "\" (" + columns + ") VALUES (" + binds + ")");
  int rows = 0;
  for (; query->step(); ++rows) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto column = static_cast<int>(i);
      if (table.columns[i].is_number) {
        insert->bind(parameters[i].c_str(), query->maybe_number(column));
      } else {
        insert->bind(parameters[i].c_str(), query->maybe_string(column));
      }
    }
    insert->execute();
  }
  return rows;
}

// The tables of the history, each with its number first.
const std::vector<db::TableShape>& history_tables() {
  static const std::vector<db::TableShape> tables{
      {"change", {{"id", true}, {"at"}, {"login"}, {"sudo_user"}, {"origin"}, {"command"}}},
      {"change_row",
       {{"number", true}, {"change", true}, {"place"}, {"host"}, {"before"}, {"after"}}}};
  return tables;
}

}  // namespace

void InventoryRows::require_empty() {
  inventory_.read("look at the inventory", [&] {
    auto tables = inventory_.db_->tables();
    tables.insert(tables.end(), history_tables().begin(), history_tables().end());
    for (const auto& table : tables) {
      const int rows = table.name == kSeededTable ? 0 : count(*inventory_.db_, table.name);
      if (rows == 0) continue;
      throw Error(Fault::refused, "inventory " + quote(inventory_.where()) + " is not empty (" +
                                      std::to_string(rows) + " in table " + table.name +
                                      "): want a new one");
    }
  });
}

std::vector<CopiedTable> InventoryRows::copy_to(InventoryRows& target) {
  std::vector<CopiedTable> copied;
  inventory_.look_together("copy database", [&] {
    target.inventory_.together("copy database", [&] {
      auto& to = *target.inventory_.db_;
      target.require_empty();
      to.without_history();
      each([&](std::string_view table, const Values& values) {
        if (copied.empty() || copied.back().name != table) {
          copied.push_back({std::string(table), 0});
        }
        ++copied.back().rows;
        target.add(std::string(table), values);
      });
      for (const auto& table : history_tables()) {
        const int rows = copy_history(*inventory_.db_, to, table);
        if (rows > 0) copied.push_back({table.name, rows});
      }
    });
  });
  return copied;
}

}  // namespace cluster
