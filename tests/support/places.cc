#include "tests/support/places.h"

#include <unistd.h>

#include <cstdlib>

#include "core/variable.h"
#include "db/postgres_engine.h"
#include "db/postgres_place.h"
#include "db/sqlite_engine.h"
#include "tests/support/engines.h"

namespace cluster {
namespace {

// Carries out a statement about databases, and not in one of the test's own.
void manage(const std::string& server, const std::string& statement) {
  db::open_postgres(server)->run(statement);
}

}  // namespace

Places::Places(std::filesystem::path folder)
    : folder_(std::move(folder)), server_(variable("ROLLCALL_TEST_POSTGRESQL")) {
  if (server_.empty()) return;
  // What a frontend keeps beside a database is the test's, too.
  setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
}

Places::~Places() {
  for (const auto& database : databases_) {
    try {
      manage(server_, "DROP DATABASE " + database + " WITH (FORCE)");
    } catch (const db::Failure& failure) {
      ADD_FAILURE() << database << ": " << failure.what();
    }
  }
}

std::string Places::make(const std::string& name) {
  if (server_.empty()) return (folder_ / name).native();
  static int made = 0;
  databases_.push_back("story_" + std::to_string(getpid()) + "_" + std::to_string(++made));
  manage(server_,
         "CREATE DATABASE " + databases_.back() + " TEMPLATE inventory STRATEGY FILE_COPY");
  return db::other_database(server_, databases_.back());
}

std::unique_ptr<db::Connection> Places::connect(const std::string& place) {
  if (!db::is_postgres(place)) return db::open_sqlite(place);
  return db::open_postgres(place + "&user=postgres");
}

}  // namespace cluster
