#include "db/sqlite_history.h"

#include "db/history_values.h"

namespace cluster::db {
namespace {

std::string name_of(const std::string& table, const char* what) {
  return "\"change_" + std::string(what) + "_" + table + "\"";
}

std::string json_in_sqlite(const TableShape& table, const std::string& row) {
  std::string json = "json_object(";
  for (const auto& column : table.columns) {
    if (!json.ends_with('(')) json += ", ";
    json += "'" + column.name + "', " + kept_value(table.name, column.name, row);
  }
  return json + ")";
}

std::string trigger(const TableShape& table, const char* what, const std::string& when,
                    const std::string& row, const std::string& before, const std::string& after) {
  return "CREATE TRIGGER " + name_of(table.name, what) + " AFTER " + what + " ON \"" + table.name +
         "\" WHEN (SELECT id FROM change_now) IS NOT NULL" + when +
         " BEGIN INSERT INTO change_row (change, place, host, before, after) VALUES "
         "((SELECT id FROM change_now), '" +
         table.name + "', " + owner_value(table, row) + ", " + before + ", " + after + "); END;";
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
    connection.run(trigger(table, "INSERT", "", "NEW", "NULL", json_in_sqlite(table, "NEW")) +
                   trigger(table, "UPDATE", " AND (" + row_differs(table) + ")", "NEW",
                           json_in_sqlite(table, "OLD"), json_in_sqlite(table, "NEW")) +
                   trigger(table, "DELETE", "", "OLD", json_in_sqlite(table, "OLD"), "NULL"));
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
    // An ANALYZE that somebody did would have it read all of change_row, as most rows are of one
    // change where one command brought them.
    connection.run(R"sql(
        CREATE TEMP TABLE IF NOT EXISTS forgotten (id INTEGER);
        DELETE FROM temp.forgotten;
        INSERT INTO temp.forgotten SELECT id FROM change WHERE at < strftime('%Y-%m-%dT%H:%M:%SZ',
          'now', '-' || coalesce((SELECT CAST(value AS INTEGER) FROM attribute
                                  WHERE name = 'change_days' AND appliance IS NULL AND host IS NULL
                                  AND CAST(value AS INTEGER) > 0), 365) || ' days');
        DELETE FROM change_row INDEXED BY change_row_change
          WHERE change IN (SELECT id FROM temp.forgotten);
        DELETE FROM change WHERE id IN (SELECT id FROM temp.forgotten))sql");
  }
  connection.run("UPDATE change_now SET id = 0");
}

}  // namespace cluster::db
