#pragma once

#include <unistd.h>

#include <atomic>
#include <string>

#include "core/variable.h"
#include "db/postgres_engine.h"

// The server of PostgreSQL that tests fill with databases (tests/support/postgresql.sh): that of
// the URI in $ROLLCALL_TEST_POSTGRESQL; without it there is none.
namespace cluster::db {

inline std::string test_server() { return variable("ROLLCALL_TEST_POSTGRESQL"); }

/// Carries out a statement about databases there.
inline void manage_test_server(const std::string& statement) {
  open_postgres(test_server())->run(statement);
}

/// The place of the database `name` there: "postgresql:///NAME?host=/folder&user=USER".
inline std::string test_database(const std::string& name) {
  const auto server = test_server();
  return server.substr(0, server.find("///") + 3) + name + server.substr(server.find('?'));
}

/// Makes a database there and returns its name, which begins with `kind`. It is empty, or a copy of
/// the database `pattern`.
inline std::string make_test_database(const std::string& kind, const std::string& pattern = "") {
  static std::atomic<int> made = 0;
  auto name = kind + "_" + std::to_string(getpid()) + "_" + std::to_string(++made);
  manage_test_server("CREATE DATABASE " + name +
                     (pattern.empty() ? "" : " TEMPLATE " + pattern + " STRATEGY FILE_COPY"));
  return name;
}

}  // namespace cluster::db
