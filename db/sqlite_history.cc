#include "db/sqlite_history.h"

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

std::string name_of(const std::string& table, const char* what) {
  return "\"change_" + std::string(what) + "_" + table + "\"";
}

// The JSON of one value of NEW or OLD.
std::string value_of(const std::string& table, const std::string& column, const std::string& row) {
  const auto value = row + ".\"" + column + "\"";
  if (std::ranges::find(kNotKept, table + "." + column) != kNotKept.end()) return "'(not kept)'";
  if (table != "attribute" || column != "value") return value;
  std::string is_secret;
  for (const auto part : kSecretParts) {
    is_secret += (is_secret.empty() ? "" : " OR ") +
                 ("instr(lower(" + row + ".name), '" + std::string(part) + "') > 0");
  }
  return "CASE WHEN " + is_secret + " THEN '(not kept)' ELSE " + value + " END";
}

std::string json_of(const TableShape& table, const std::string& row) {
  std::string json = "json_object(";
  for (const auto& column : table.columns) {
    if (!json.ends_with('(')) json += ", ";
    json += "'" + column.name + "', " + value_of(table.name, column.name, row);
  }
  return json + ")";
}

std::string owner_of(const TableShape& table, const std::string& row) {
  for (const auto* owner : kOwners) {
    if (table.name == "roll" || table.name == "appliance") break;
    if (std::ranges::find(table.columns, owner, &ColumnShape::name) != table.columns.end()) {
      return row + ".\"" + owner + "\"";
    }
  }
  return "NULL";
}

// When a host was asked last is no change of what it is.
bool is_seen(const std::string& column) { return column == "seen" || column.ends_with("_seen"); }

std::string trigger(const TableShape& table, const char* what, const std::string& when,
                    const std::string& row, const std::string& before, const std::string& after) {
  return "CREATE TRIGGER " + name_of(table.name, what) + " AFTER " + what + " ON \"" + table.name +
         "\" WHEN (SELECT id FROM change_now) IS NOT NULL" + when +
         " BEGIN INSERT INTO change_row (change, place, host, before, after) VALUES "
         "((SELECT id FROM change_now), '" +
         table.name + "', " + owner_of(table, row) + ", " + before + ", " + after + "); END;";
}

}  // namespace

void stop_history(Connection& connection) {
  std::string statements;
  const auto query = connection.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, 7) = 'change_'");
  while (query->step()) statements += "DROP TRIGGER \"" + query->string(0) + "\";";
  query->reset();
  if (!statements.empty()) connection.run(statements);
}

void start_history(Connection& connection) {
  stop_history(connection);
  for (const auto& table : connection.tables()) {
    std::string differs;
    for (const auto& column : table.columns) {
      if (is_seen(column.name)) continue;
      differs += (differs.empty() ? "" : " OR ") +
                 ("OLD.\"" + column.name + "\" IS NOT NEW.\"" + column.name + "\"");
    }
    connection.run(trigger(table, "INSERT", "", "NEW", "NULL", json_of(table, "NEW")) +
                   trigger(table, "UPDATE", " AND (" + differs + ")", "NEW", json_of(table, "OLD"),
                           json_of(table, "NEW")) +
                   trigger(table, "DELETE", "", "OLD", json_of(table, "OLD"), "NULL"));
  }
}

void begin_change(Connection& connection) {
  connection.run("UPDATE change_now SET id = (SELECT coalesce(max(id), 0) + 1 FROM change)");
}

void end_change(Connection& connection, const Author& author) {
  const auto maybe = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
  };
  const auto made = connection.prepare(R"sql(
      INSERT INTO change (id, at, login, sudo_user, origin, command)
      SELECT id, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), :login, :sudo_user, :origin, :command
      FROM change_now WHERE EXISTS (SELECT 1 FROM change_row WHERE change = change_now.id))sql");
  made->bind(":login", std::string_view(author.login));
  made->bind(":sudo_user", maybe(author.sudo_user));
  made->bind(":origin", maybe(author.origin));
  made->bind(":command", std::string_view(author.command));
  if (made->execute() > 0) {
    connection.run(R"sql(
        CREATE TEMP TABLE IF NOT EXISTS forgotten (id INTEGER);
        DELETE FROM temp.forgotten;
        INSERT INTO temp.forgotten SELECT id FROM change WHERE at < strftime('%Y-%m-%dT%H:%M:%SZ',
          'now', '-' || coalesce((SELECT CAST(value AS INTEGER) FROM attribute
                                  WHERE name = 'change_days' AND appliance IS NULL AND host IS NULL
                                  AND CAST(value AS INTEGER) > 0), 365) || ' days');
        DELETE FROM change_row WHERE change IN (SELECT id FROM temp.forgotten);
        DELETE FROM change WHERE id IN (SELECT id FROM temp.forgotten))sql");
  }
  connection.run("UPDATE change_now SET id = 0");
}

}  // namespace cluster::db
