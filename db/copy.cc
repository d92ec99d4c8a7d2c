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
      target.require_empty();
      target.inventory_.db_->without_history();
      const auto copy = [&](std::string_view table, const Values& values) {
        if (copied.empty() || copied.back().name != table) {
          copied.push_back({std::string(table), 0});
        }
        ++copied.back().rows;
        target.add_later(std::string(table), values);
      };
      each(copy);
      target.tables().insert(target.tables().end(), history_tables().begin(),
                             history_tables().end());
      each_of(history_tables(), copy);
      target.settle();
    });
  });
  return copied;
}

}  // namespace cluster
