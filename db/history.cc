#include "db/history.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/history_values.h"
#include "db/rows.h"

namespace cluster {
namespace {

std::string refusal(int number, const std::string& why) {
  return "change " + std::to_string(number) + " cannot be undone: " + why;
}

// What a host told is learned anew when it is asked.
bool is_told(const std::string& table) {
  return table == "vm_definition" || table == "domain_capability" || table == "domain_device";
}

}  // namespace

void sign(Inventory& inventory, const Author& author) { InventoryRows(inventory).sign(author); }

void InventoryRows::sign(const Author& author) { inventory_.db_->sign(author); }

std::vector<Change> InventoryRows::changes(const std::string& since, const std::string& login,
                                           int only) {
  std::vector<Change> found;
  inventory_.read("list change", [&] {
    const auto query = inventory_.db_->prepare(std::string(R"sql(
        SELECT change_row.change, at, login, sudo_user, origin, command, place, host, before, after
        FROM change_row LEFT JOIN change ON change.id = change_row.change
        WHERE (:since = '' OR at >= :since)
          AND (:login = '' OR login = :login OR sudo_user = :login))sql") +
                                               (only == 0 ? "" : " AND change_row.change = :only") +
                                               " ORDER BY number");
    if (only != 0) query->bind(":only", only);
    query->bind(":since", std::string_view(since));
    query->bind(":login", std::string_view(login));
    while (query->step()) {
      // The rows of a change stand together, as one is written after the other.
      if (found.empty() || found.back().number != query->number(0)) {
        found.push_back({query->number(0),
                         query->string(1),
                         {query->string(2), query->string(3), query->string(4), query->string(5)},
                         {}});
      }
      found.back().rows.push_back(
          {query->string(6), query->string(7), query->string(8), query->string(9)});
    }
  });
  return found;
}

std::vector<Change> changes(Inventory& inventory, const std::string& since,
                            const std::string& login, const OnlyHosts& hosts) {
  auto changes = InventoryRows(inventory).changes(since, login);
  if (!hosts) return changes;
  std::set<std::string> names;
  for (const auto& host : *hosts) names.insert(host.str());
  std::erase_if(changes, [&](const Change& change) {
    return std::ranges::none_of(change.rows,
                                [&](const ChangedRow& row) { return names.contains(row.host); });
  });
  return changes;
}

std::vector<HostName> InventoryRows::changed_hosts() {
  std::vector<HostName> names;
  inventory_.read("list change", [&] {
    const auto query = inventory_.db_->prepare(
        "SELECT DISTINCT host FROM change_row WHERE host IS NOT NULL AND host <> ''");
    while (query->step()) {
      try {
        names.emplace_back(query->text(0));
      } catch (const Error&) {  // another program once wrote what is no name
      }
    }
  });
  return names;
}

std::vector<HostName> changed_hosts(Inventory& inventory) {
  return InventoryRows(inventory).changed_hosts();
}

void InventoryRows::undo(int number) {
  inventory_.write("undo change", [&] {
    auto found = number == 0 ? std::vector<Change>() : changes("", "", number);
    if (found.empty()) {
      throw Error(Fault::not_found,
                  "no change " + std::to_string(number) + " (`cluster list change`)");
    }
    inventory_.db_->defer_foreign_keys();
    const auto tables = inventory_.db_->tables();
    std::ranges::reverse(found[0].rows);
    for (const auto& row : found[0].rows) {
      if (is_told(row.table) && row.after.empty()) continue;
      if (row.before.find("\"(not kept)\"") != std::string::npos ||
          (row.after.find("\"(not kept)\"") != std::string::npos && !row.before.empty())) {
        throw Error(Fault::refused,
                    refusal(number, "the history keeps no secrets, and a value of " + row.table +
                                        " is one"));
      }
      const auto& shape = *std::ranges::find(tables, row.table, &db::TableShape::name);
      std::string columns;
      std::string values;
      std::string sets;
      std::string same;
      for (const auto& column : shape.columns) {
        const auto name = "\"" + column.name + "\"";
        const auto of = [&](const char* json) {
          const auto value = "json_extract(" + std::string(json) + ", '$." + column.name + "')";
          return column.is_number ? "CAST(" + value + " AS INTEGER)" : value;
        };
        const bool first = columns.empty();
        columns += (first ? "" : ", ") + name;
        values += (first ? "" : ", ") + of(":before");
        sets += (first ? "" : ", ") + name + " = " + of(":before");
        if (db::is_seen(column.name)) continue;
        if (row.after.find("\"" + column.name + "\":\"(not kept)\"") != std::string::npos) continue;
        same += (same.empty() ? "" : " AND ") + name + " IS NOT DISTINCT FROM " + of(":after");
      }
      const auto table = "\"" + row.table + "\"";
      const auto statement = inventory_.db_->prepare(
          row.before.empty()  ? "DELETE FROM " + table + " WHERE " + same
          : row.after.empty() ? "INSERT INTO " + table + " (" + columns + ") SELECT " + values
                              : "UPDATE " + table + " SET " + sets + " WHERE " + same);
      if (!row.before.empty()) statement->bind(":before", std::string_view(row.before));
      if (!row.after.empty()) statement->bind(":after", std::string_view(row.after));
      try {
        // A row that goes with another (ON DELETE CASCADE) is gone when its turn comes.
        if (statement->execute() != 1) {
          throw Error(Fault::refused,
                      refusal(number, "a row of " + row.table +
                                          (row.host.empty() ? "" : " of " + quote(row.host)) +
                                          " was changed since"));
        }
      } catch (const db::Failure& failure) {
        throw Error(Fault::refused, refusal(number, "row of " + row.table + ": " + failure.what()));
      }
    }
  });
}

void undo_change(Inventory& inventory, int number) { InventoryRows(inventory).undo(number); }

}  // namespace cluster
