#pragma once

#include <memory>
#include <string>

#include "db/engine.h"

namespace cluster::db {

/// Connects to the inventory on PostgreSQL at `place` (db/postgres_place.h). Of several servers it
/// waits for one that may be written to, 15 s at most. Nothing waits without an end: an answer 60
/// s, a COMMIT 10 s, another writer `turn_ms`. The connection belongs to one thread. Throws
/// Failure, Why::unreachable in most cases, and Error(usage) for a place that is none.
std::unique_ptr<Connection> open_postgres(const std::string& place, int turn_ms = kBusyTimeoutMs);

}  // namespace cluster::db
