#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "db/postgres_engine.h"
#include "db/sqlite_engine.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_server.h"

// The engines for the tests of the seam. PostgreSQL is among them where $ROLLCALL_TEST_POSTGRESQL
// names a server that may be filled with databases (tests/support/postgresql.sh); without it the
// tests of it do not exist, and `./run-tests postgresql` runs them.
namespace cluster::db {

/// One database of an engine; open() connects to it again and again.
struct Engine {
  const char* name;
  bool shared;  ///< whether a second connection sees the same rows
  std::unique_ptr<Connection> (*open)(const TempDir& folder, int busy_timeout_ms);
  const char* rules;  ///< asks for the names of the rules of the schema
  const char* keys;   ///< asks for its unique and foreign keys and its NOT NULLs, a line each
};

inline constexpr const char* kSqliteRules =
    "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, 7) <> 'change_' "
    "AND substr(name, 1, 10) <> 'free_card_'";
// Those that PostgreSQL alone has are tried in db/postgres_engine_test.cc.
inline constexpr const char* kPostgresRules =
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND relnamespace = 'cluster'::regnamespace "
    "AND substr(tgname, 1, 7) <> 'change_' AND substr(tgname, 1, 10) <> 'free_card_' "
    "AND tgname NOT IN ('one_writer', 'owner_only')";

inline std::unique_ptr<Connection> open_test_postgres(const TempDir& folder, int busy_timeout_ms) {
  const auto mark = folder.path() / "database";
  if (!std::filesystem::exists(mark)) {
    std::filesystem::create_directories(mark / make_test_database("test"));
  }
  const auto name = std::filesystem::directory_iterator(mark)->path().filename().native();
  return open_postgres(test_database(name), busy_timeout_ms);
}

inline constexpr const char* kSqliteKeys = R"sql(
    WITH noun (name) AS (SELECT name FROM sqlite_schema WHERE type = 'table' AND
                         substr(name, 1, 7) <> 'sqlite_' AND substr(name, 1, 6) <> 'change'),
    unique_key (noun, name, "column") AS (
      SELECT noun.name, list.name, coalesce(info.name, '*') FROM noun,
      pragma_index_list(noun.name) AS list, pragma_index_info(list.name) AS info
      WHERE list."unique" = 1 ORDER BY noun.name, list.name, info.seqno),
    foreign_key (noun, id, "column", target) AS (
      SELECT noun.name, list.id, list."from",
             list."table" || ', ' || list.on_delete || ', ' || list.on_update
      FROM noun, pragma_foreign_key_list(noun.name) AS list ORDER BY noun.name, list.id, list.seq)
    SELECT 'unique ' || noun || ' ' || group_concat("column") FROM unique_key GROUP BY noun, name
    UNION ALL
    SELECT 'foreign ' || noun || ' ' || group_concat("column") || ' to ' || target
    FROM foreign_key GROUP BY noun, id
    UNION ALL
    SELECT 'not null ' || noun.name || ' ' || info.name
    FROM noun, pragma_table_xinfo(noun.name) AS info WHERE info."notnull" = 1 AND hidden = 0)sql";
inline constexpr const char* kPostgresKeys = R"sql(
    SELECT 'unique ' || relname || ' ' || string_agg(coalesce(attname, '*'), ',' ORDER BY place)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    CROSS JOIN unnest(indkey) WITH ORDINALITY AS part (number, place)
    LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number <> 0
    WHERE relnamespace = 'cluster'::regnamespace AND indisunique
      AND substr(relname, 1, 6) <> 'change' AND substr(relname, 1, 5) <> 'roll_'
    GROUP BY relname, indexrelid
    UNION ALL
    SELECT 'foreign ' || source.relname || ' ' || string_agg(attname, ',' ORDER BY place) ||
           ' to ' || target.relname || ', ' ||
           CASE confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END || ', ' ||
           CASE confupdtype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END
    FROM pg_constraint JOIN pg_class AS source ON source.oid = conrelid
    JOIN pg_class AS target ON target.oid = confrelid
    CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    WHERE contype = 'f' AND connamespace = 'cluster'::regnamespace
      AND substr(source.relname, 1, 5) <> 'roll_'
    GROUP BY source.relname, target.relname, pg_constraint.oid, confdeltype, confupdtype
    UNION ALL
    SELECT 'not null ' || relname || ' ' || attname FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'cluster'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull
      AND attgenerated = '' AND substr(relname, 1, 6) <> 'change'
      AND substr(relname, 1, 5) <> 'roll_' AND relname <> 'schema_version')sql";

inline std::vector<Engine> engines() {
  std::vector<Engine> engines{
      {"SqliteFile", true,
       [](const TempDir& folder, int busy_timeout_ms) {
         return open_sqlite(folder.path() / "cluster.db", busy_timeout_ms);
       },
       kSqliteRules, kSqliteKeys},
      {"SqliteMemory", false,
       [](const TempDir&, int busy_timeout_ms) { return open_sqlite(":memory:", busy_timeout_ms); },
       kSqliteRules, kSqliteKeys},
  };
  if (!test_server().empty()) {
    engines.push_back({"Postgresql", true, open_test_postgres, kPostgresRules, kPostgresKeys});
  }
  return engines;
}

/// A test for each engine, on a database with the schema.
class EachEngine : public ::testing::TestWithParam<Engine> {
 protected:
  EachEngine() { connection_->migrate(); }

  std::unique_ptr<Connection> another(int busy_timeout_ms = kBusyTimeoutMs) const {
    return GetParam().open(folder_, busy_timeout_ms);
  }

  /// The constraint that refuses `sql`, or what() of the failure if it has none; "" when it
  /// succeeds. In a transaction, what came before since the savepoint is undone by a refusal.
  std::string refusal(const std::string& sql) const { return refusal(*connection_, sql); }

  static std::string refusal(Connection& connection, const std::string& sql) {
    try {
      connection.prepare(sql)->execute();
      return "";
    } catch (const Failure& failure) {
      if (connection.in_transaction()) connection.run("ROLLBACK TO SAVEPOINT part");
      return failure.constraint.empty() ? failure.what() : failure.constraint;
    }
  }

  static std::string answer(Connection& connection, const std::string& sql) {
    const auto query = connection.prepare(sql);
    return query->step() ? query->string(0) : "no row";
  }

  std::string answer(const std::string& sql) const { return answer(*connection_, sql); }

  TempDir folder_;
  std::unique_ptr<Connection> connection_ = another();
};

inline std::string name_of_engine(const ::testing::TestParamInfo<Engine>& info) {
  return info.param.name;
}

}  // namespace cluster::db
