#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "db/sqlite_engine.h"
#include "tests/support/temp_dir.h"

// The engines for the tests of the seam. A second engine is one more line of kEngines.
namespace cluster::db {

/// One database of an engine; open() connects to it again and again.
struct Engine {
  const char* name;
  bool shared;  ///< whether a second connection sees the same rows
  std::unique_ptr<Connection> (*open)(const TempDir& folder, int busy_timeout_ms);
};

inline constexpr Engine kEngines[] = {
    {"SqliteFile", true,
     [](const TempDir& folder, int busy_timeout_ms) {
       return open_sqlite(folder.path() / "cluster.db", busy_timeout_ms);
     }},
    {"SqliteMemory", false,
     [](const TempDir&, int busy_timeout_ms) { return open_sqlite(":memory:", busy_timeout_ms); }},
};

/// A test for each engine, on a database with the schema.
class EachEngine : public ::testing::TestWithParam<Engine> {
 protected:
  EachEngine() { connection_->migrate(); }

  std::unique_ptr<Connection> another(int busy_timeout_ms = kBusyTimeoutMs) const {
    return GetParam().open(folder_, busy_timeout_ms);
  }

  /// The constraint that refuses `sql`, or what() of the failure if it has none; "" when it
  /// succeeds.
  std::string refusal(const std::string& sql) const { return refusal(*connection_, sql); }

  static std::string refusal(Connection& connection, const std::string& sql) {
    try {
      connection.prepare(sql)->execute();
      return "";
    } catch (const Failure& failure) {
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
