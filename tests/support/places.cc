#include "tests/support/places.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "db/postgres_engine.h"
#include "db/postgres_place.h"
#include "db/sqlite_engine.h"
#include "tests/support/test_server.h"

namespace cluster {

Places::Places(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (db::test_server().empty()) return;
  // What a frontend keeps beside a database is the test's, too.
  setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
}

Places::~Places() {
  for (const auto& database : databases_) {
    try {
      db::manage_test_server("DROP DATABASE " + database + " WITH (FORCE)");
    } catch (const db::Failure& failure) {
      ADD_FAILURE() << database << ": " << failure.what();
    }
  }
}

std::string Places::make(const std::string& name) {
  if (db::test_server().empty()) return (folder_ / name).native();
  databases_.push_back(db::make_test_database("story", "inventory"));
  return db::test_database(databases_.back());
}

std::unique_ptr<db::Connection> Places::connect(const std::string& place) {
  if (!db::is_postgres(place)) return db::open_sqlite(place);
  return db::open_postgres(place + "&user=postgres");
}

}  // namespace cluster
