#include "db/postgres_history.h"

#include "db/history_values.h"

namespace cluster::db {
namespace {

// row_to_json() writes what SQLite's json_object() writes, without a blank.
std::string json_of(const TableShape& table, const std::string& row) {
  std::string columns;
  for (const auto& column : table.columns) {
    columns += (columns.empty() ? "" : ", ") + kept_value(table.name, column.name, row) + " AS \"" +
               column.name + "\"";
  }
  return "(SELECT row_to_json(kept) FROM (SELECT " + columns + ") AS kept)";
}

// Each table has a function of its own, which knows what of it is kept.
std::string history_of(const TableShape& table) {
  const auto function = "change_of_" + table.name;
  return "CREATE OR REPLACE FUNCTION " + function +
         "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n"
         "SET search_path = cluster, pg_temp AS $$ BEGIN\n"
         "  IF current_setting('cluster.history', true) = 'off' AND\n"
         "     pg_has_role(session_user, 'cluster_owner', 'MEMBER') THEN RETURN NULL; END IF;\n"
         "  IF TG_OP = 'UPDATE' AND NOT (" +
         row_differs(table) +
         ") THEN RETURN NULL; END IF;\n"
         "  INSERT INTO change_row (change, place, host, before, after) VALUES (change_of_now(), "
         "'" +
         table.name + "',\n    CASE WHEN TG_OP = 'DELETE' THEN " + owner_value(table, "OLD") +
         " ELSE " + owner_value(table, "NEW") +
         " END,\n"
         "    CASE WHEN TG_OP <> 'INSERT' THEN " +
         json_of(table, "OLD") + " END,\n    CASE WHEN TG_OP <> 'DELETE' THEN " +
         json_of(table, "NEW") + " END);\n  RETURN NULL;\nEND $$;\nDROP TRIGGER IF EXISTS " +
         function + " ON \"" + table.name + "\";\nCREATE TRIGGER " + function +
         " AFTER INSERT OR UPDATE OR DELETE ON \"" + table.name +
         "\"\nFOR EACH ROW EXECUTE FUNCTION " + function + "();\n";
}

std::string turn_of(const TableShape& table) {
  return "DROP TRIGGER IF EXISTS one_writer ON \"" + table.name +
         "\";\nCREATE TRIGGER one_writer BEFORE INSERT OR UPDATE OR DELETE ON \"" + table.name +
         "\"\nFOR EACH STATEMENT EXECUTE FUNCTION one_writer();\n";
}

}  // namespace

void start_postgres_history(Connection& connection) {
  for (const auto& table : connection.tables()) {
    connection.run(history_of(table) + turn_of(table));
  }
}

}  // namespace cluster::db
