#pragma once

#include <filesystem>
#include <memory>

#include "db/engine.h"

namespace cluster::db {

/// Opens the SQLite file `file`; ":memory:" is a database that goes with the connection. Makes the
/// file when it is not there, but not its folder. Waits `busy_timeout_ms` for other programs. The
/// connection belongs to one thread. Where this program cannot write, the connection reads, from a
/// private copy if need be, and begin_write() throws Why::denied. Throws Failure.
std::unique_ptr<Connection> open_sqlite(const std::filesystem::path& file,
                                        int busy_timeout_ms = kBusyTimeoutMs);

}  // namespace cluster::db
