#include "db/libpq.h"

namespace cluster::db {

const Libpq& libpq() {
  static const Libpq library;
  return library;
}

}  // namespace cluster::db
