#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/variable.h"
#include "db/postgres_engine.h"
#include "db/sqlite_engine.h"
#include "tests/support/temp_dir.h"

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
};

inline constexpr const char* kSqliteRules =
    "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, 7) <> 'change_'";
// Those that PostgreSQL alone has are tried in db/postgres_engine_test.cc.
inline constexpr const char* kPostgresRules =
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND relnamespace = 'cluster'::regnamespace "
    "AND substr(tgname, 1, 7) <> 'change_' AND tgname NOT IN ('one_writer', 'owner_only')";

/// "postgresql:///NAME?host=/folder&user=USER" with another NAME.
inline std::string other_database(const std::string& place, const std::string& name) {
  const auto begin = place.find("///") + 3;
  return place.substr(0, begin) + name + place.substr(place.find('?', begin));
}

inline std::unique_ptr<Connection> open_test_postgres(const TempDir& folder, int busy_timeout_ms) {
  const auto server = variable("ROLLCALL_TEST_POSTGRESQL");
  const auto mark = folder.path() / "database";
  static std::atomic<int> count = 0;
  if (!std::filesystem::exists(mark)) {
    const auto name = "test_" + std::to_string(getpid()) + "_" + std::to_string(count++);
    open_postgres(server)->run("CREATE DATABASE " + name);
    std::filesystem::create_directory(mark);
    std::filesystem::create_directory(mark / name);
  }
  const auto name = std::filesystem::directory_iterator(mark)->path().filename().native();
  return open_postgres(other_database(server, name), busy_timeout_ms);
}

inline std::vector<Engine> engines() {
  std::vector<Engine> engines{
      {"SqliteFile", true,
       [](const TempDir& folder, int busy_timeout_ms) {
         return open_sqlite(folder.path() / "cluster.db", busy_timeout_ms);
       },
       kSqliteRules},
      {"SqliteMemory", false,
       [](const TempDir&, int busy_timeout_ms) { return open_sqlite(":memory:", busy_timeout_ms); },
       kSqliteRules},
  };
  if (!variable("ROLLCALL_TEST_POSTGRESQL").empty()) {
    engines.push_back({"Postgresql", true, open_test_postgres, kPostgresRules});
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
