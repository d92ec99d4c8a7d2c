#include "db/postgres_schema.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.h"
#include "core/text.h"
#include "db/postgres_history.h"
#include "db/table_order.h"
#include "schema/schema.h"

namespace cluster::db {
namespace {

constexpr std::array kRoles{"cluster_owner", "cluster_operator", "cluster_delegate",
                            "cluster_reader"};

int known_version() { return static_cast<int>(migrations().size()); }

// 19 of "0019_inventory.postgresql.sql".
int version_of(const NamedMigration& migration) {
  int version = 0;
  std::from_chars(migration.name.data(), migration.name.data() + migration.name.size(), version);
  return version;
}

std::string answer(Connection& connection, const std::string& sql) {
  const auto query = connection.prepare(sql);
  return query->step() ? query->string(0) : "";
}

bool has_version(Connection& connection) {
  return !answer(connection, "SELECT to_regclass('cluster.schema_version')").empty();
}

// 0: there is no inventory yet. That is asked first where a question that fails would end a
// transaction; else every command would pay for it.
int checked_version(Connection& connection) {
  const bool is_part = connection.in_transaction();
  try {
    if (is_part && !has_version(connection)) return 0;
    const auto query =
        connection.prepare("SELECT version, oldest_program FROM cluster.schema_version");
    if (!query->step()) throw Error(Fault::io, "is damaged: it has no version");
    if (query->number(1) > known_version()) {
      throw Error(Fault::io, "is of a newer version (schema " + query->string(1) +
                                 ", this program knows " + std::to_string(known_version()) +
                                 "): upgrade `cluster`");
    }
    return query->number(0);
  } catch (const Failure& failure) {
    if (failure.why == Why::other && !is_part && !has_version(connection)) return 0;
    if (failure.why != Why::denied) throw;
    const auto role = answer(connection, "SELECT session_user");
    throw Failure(Why::denied, "",
                  "role " + quote(role) +
                      " may not read it (want a member of cluster_reader, "
                      "cluster_delegate, cluster_operator or cluster_owner)");
  }
}

void make_roles(Connection& connection) {
  for (const auto* role : kRoles) {
    const auto query = connection.prepare("SELECT 1 FROM pg_roles WHERE rolname = :role");
    query->bind(":role", std::string_view(role));
    if (query->step()) continue;
    try {
      connection.run("CREATE ROLE " + std::string(role));
    } catch (const Failure& failure) {
      if (failure.why != Why::denied) throw;
      throw Failure(Why::denied, "",
                    "there is no role " + quote(role) + " (want `CREATE ROLE " + role +
                        "` by the administrator of the server)");
    }
  }
}

void become_owner(Connection& connection) {
  try {
    connection.run(
        "CREATE SCHEMA IF NOT EXISTS cluster AUTHORIZATION cluster_owner;"
        "SET LOCAL ROLE cluster_owner");
  } catch (const Failure& failure) {
    if (failure.why != Why::denied) throw;
    throw Failure(Why::denied, "",
                  "role " + quote(failure.what()) +
                      " (want a member of cluster_owner that may create a schema)");
  }
}

}  // namespace

void migrate_postgres(Connection& connection) {
  if (is_postgres_up_to_date(connection)) return;
  connection.run("BEGIN");
  try {
    make_roles(connection);
    become_owner(connection);
    const auto version = checked_version(connection);
    if (version > 0) connection.run("LOCK TABLE turn IN EXCLUSIVE MODE");
    connection.run("SET LOCAL cluster.history = 'off'");
    for (const auto& migration : postgres_migrations()) {
      if (version_of(migration) > version) connection.run(std::string(migration.sql));
    }
    connection.run("UPDATE schema_version SET version = " + std::to_string(known_version()));
    start_postgres_history(connection);
    connection.run(std::string(postgres_roles()));
    connection.commit();
  } catch (...) {
    connection.roll_back();
    throw;
  }
}

bool is_postgres_up_to_date(Connection& connection) {
  return checked_version(connection) >= known_version();
}

std::vector<TableShape> tables_of_postgres(Connection& connection) {
  Targets targets;
  std::map<std::string, std::vector<ColumnShape>> columns;
  const auto column = connection.prepare(R"sql(
      SELECT class.relname, attname, CASE atttypid WHEN 'integer'::regtype THEN 1 ELSE 0 END
      FROM pg_class AS class JOIN pg_attribute ON attrelid = class.oid
      WHERE relnamespace = 'cluster'::regnamespace AND relkind = 'r' AND attnum > 0
        AND NOT attisdropped AND attgenerated = '' AND substr(relname, 1, 6) <> 'change'
        AND substr(relname, 1, 9) <> 'free_card' AND relname NOT IN ('schema_version', 'turn', 'roll_file', 'roll_chunk')
      ORDER BY relname, attnum)sql");
  while (column->step()) {
    targets[column->string(0)];
    columns[column->string(0)].push_back({column->string(1), column->number(2) == 1});
  }
  const auto key = connection.prepare(R"sql(
      SELECT source.relname, target.relname FROM pg_constraint
      JOIN pg_class AS source ON source.oid = conrelid
      JOIN pg_class AS target ON target.oid = confrelid
      WHERE contype = 'f' AND connamespace = 'cluster'::regnamespace)sql");
  while (key->step()) {
    if (const auto source = targets.find(key->string(0)); source != targets.end()) {
      source->second.insert(key->string(1));
    }
  }
  std::vector<TableShape> tables;
  for (const auto& name : in_order(std::move(targets))) tables.push_back({name, columns[name]});
  return tables;
}

std::vector<std::string> faults_of_postgres(Connection& connection) {
  std::vector<std::string> faults;
  const auto query = connection.prepare(R"sql(
      SELECT 'trigger ' || tgname || ' of ' || relname || ' is switched off'
      FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
      WHERE relnamespace = 'cluster'::regnamespace AND tgenabled <> 'O'
      UNION ALL
      SELECT 'constraint ' || conname || ' was never checked'
      FROM pg_constraint WHERE connamespace = 'cluster'::regnamespace AND NOT convalidated
      UNION ALL
      SELECT 'index ' || relname || ' is not valid'
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
      WHERE relnamespace = 'cluster'::regnamespace AND NOT indisvalid)sql");
  while (query->step()) faults.push_back(query->string(0));
  std::ranges::sort(faults);
  return faults;
}

namespace {

// Whether a standby that confirms what is stored is connected: not everybody may see that.
std::string standby_remark(Connection& connection) {
  const auto query = connection.prepare(R"sql(
      SELECT current_setting('synchronous_standby_names'), session_user,
             CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN 1 ELSE 0 END,
             CAST((SELECT count(*) FROM pg_stat_replication
                   WHERE sync_state IN ('sync', 'quorum')) AS integer))sql");
  query->step();
  if (query->text(0).empty() || query->number(3) > 0) return "";
  const auto setting = "synchronous_standby_names = " + quote(query->text(0)) + ": ";
  return query->number(2) == 1
             ? setting + "no such standby is connected, so a change waits, and is on one server"
             : setting + "role " + quote(query->text(1)) +
                   " may not see whether one is connected (want a member of pg_monitor)";
}

}  // namespace

std::vector<std::string> weak_settings(Connection& connection) {
  struct Setting {
    const char* name;
    const char* weak;  // values, with a blank around each; "" for no value
    const char* words;
  };
  constexpr std::array kSettings{
      Setting{"fsync", " off ", "a crash of the server may take the whole inventory"},
      Setting{"full_page_writes", " off ", "a crash of the server may damage the inventory"},
      Setting{"synchronous_commit", " off local ", "what was stored may be lost with the server"},
      Setting{"synchronous_standby_names", "", "what was stored is on one server alone"},
  };
  std::vector<std::string> weak;
  for (const auto& [name, values, words] : kSettings) {
    const auto value = answer(connection, "SELECT current_setting('" + std::string(name) + "')");
    const bool is_weak = std::string_view(values).empty()
                             ? value.empty()
                             : std::string(values).find(" " + value + " ") != std::string::npos;
    if (is_weak) weak.push_back(std::string(name) + " = " + quote(value) + ": " + words);
  }
  if (auto remark = standby_remark(connection); !remark.empty()) weak.push_back(std::move(remark));
  return weak;
}

}  // namespace cluster::db
