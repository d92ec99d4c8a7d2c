#include "db/open_database.h"

#include "db/postgres_engine.h"
#include "db/postgres_place.h"
#include "db/sqlite_engine.h"

namespace cluster::db {

std::unique_ptr<Connection> open_database(const std::string& place) {
  if (is_postgres(place)) return open_postgres(place);
  return open_sqlite(place);
}

bool is_file(const std::string& place) { return !is_postgres(place); }

}  // namespace cluster::db
