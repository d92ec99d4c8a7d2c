#pragma once

#include <filesystem>
#include <memory>

#include "db/engine.h"

namespace cluster::db {

/// How long a command waits for another one that writes.
inline constexpr int kBusyTimeoutMs = 5000;

/// Opens the SQLite file `file`, ":memory:" for one that goes with the connection; makes it when it
/// is not there, but not its folder. Waits `busy_timeout_ms` for other programs. The connection
/// belongs to one thread. Throws Error(io), "is not writable".
std::unique_ptr<Connection> open_sqlite(const std::filesystem::path& file,
                                        int busy_timeout_ms = kBusyTimeoutMs);

}  // namespace cluster::db
