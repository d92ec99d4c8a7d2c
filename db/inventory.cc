#include "db/inventory.h"

#include <SQLiteCpp/Savepoint.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "core/error.h"
#include "core/text.h"
#include "schema/schema.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr int kBusyTimeoutMs = 5000;        // another command may be writing
constexpr int kApplicationId = 0x526f6c6c;  // "Roll": marks a database file as ours
constexpr const char* kInMemory = ":memory:";

std::string error_text(const fs::path& file, const std::string& why) {
  return "inventory " + quote(file.native()) + ": " + why;
}

// Says what SQLite's own words ("unable to open database file") leave open.
std::string open_failure(const fs::path& file, const SQLite::Exception& error) {
  if (error.getErrorCode() == SQLITE_NOTADB) return "is not an inventory (not an SQLite file)";
  if (error.getErrorCode() == SQLITE_READONLY) return "is not writable";
  if (fs::is_directory(file)) return "is a folder";
  std::string why = error.getErrorStr();
  if (error.getErrorCode() == SQLITE_CANTOPEN &&
      faccessat(AT_FDCWD, file.c_str(), R_OK | W_OK, AT_EACCESS) != 0) {
    why = std::strerror(errno);
  }
  return why;
}

fs::path made_ready(const fs::path& file, Inventory::Open open) {
  if (file == kInMemory) return file;
  std::error_code failure;
  if (open == Inventory::Open::existing) {
    if (!fs::exists(file, failure)) {
      throw Error(Fault::not_found, "no inventory at " + quote(file.native()) +
                                        " (the first `cluster add host` makes it)");
    }
    return file;
  }
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), failure);
  if (failure) {
    throw Error(Fault::io, error_text(file, "cannot make its folder: " + failure.message()));
  }
  return file;
}

SQLite::Database opened(const fs::path& file, Inventory::Open open) {
  const auto path = made_ready(file, open);
  try {
    return {path.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs};
  } catch (const SQLite::Exception& error) {
    throw Error(Fault::io, error_text(file, open_failure(file, error)));
  }
}

}  // namespace

Inventory::Inventory(const fs::path& file, Open open) : db_(opened(file, open)) {
  try {
    db_.exec("PRAGMA foreign_keys = ON");
    migrate();
  } catch (const SQLite::Exception& error) {
    throw Error(Fault::io, error_text(file, open_failure(file, error)));
  } catch (const Error& error) {
    throw Error(error.fault(), error_text(file, error.what()));
  }
}

fs::path Inventory::file() const { return fs::absolute(db_.getFilename()); }

void Inventory::migrate() {
  const auto pragma = [this](const char* name) {
    return db_.execAndGet(std::string("PRAGMA ") + name).getInt();
  };
  const auto known = static_cast<int>(migrations().size());
  const auto check = [&] {
    const int version = pragma("user_version");
    const bool empty = db_.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
    if (!empty && pragma("application_id") != kApplicationId) {
      throw Error(Fault::io, "is a database of another program");
    }
    if (version > known) {
      throw Error(Fault::io, "is of a newer version (schema " + std::to_string(version) +
                                 ", this program knows " + std::to_string(known) +
                                 "): upgrade `cluster`");
    }
    return version;
  };
  if (check() == known) return;

  db_.exec("PRAGMA journal_mode = WAL");
  // The lock comes before the second look: two commands cannot both migrate.
  SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
  for (auto version = check(); version < known; ++version) {
    db_.exec(std::string(migrations()[static_cast<std::size_t>(version)]));
  }
  db_.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  db_.exec("PRAGMA user_version = " + std::to_string(known));
  transaction.commit();
}

void Inventory::together(const char* what, const std::function<void()>& work) { write(what, work); }

bool Inventory::in_transaction() const { return sqlite3_get_autocommit(db_.getHandle()) == 0; }

void Inventory::write(const char* what, const std::function<void()>& work, const Explain& explain) {
  try {
    if (in_transaction()) {
      SQLite::Savepoint part(db_, "part");
      work();
      part.release();
    } else {
      SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
      work();
      transaction.commit();
    }
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_CONSTRAINT && explain) explain(error.getExtendedErrorCode());
    const bool by_trigger = error.getExtendedErrorCode() == SQLITE_CONSTRAINT_TRIGGER;
    throw Error(by_trigger ? Fault::refused : Fault::io, std::string(what) + ": " + error.what());
  }
}

void Inventory::read(const char* what, const std::function<void()>& work) {
  try {
    std::optional<SQLite::Transaction> transaction;
    if (!in_transaction()) transaction.emplace(db_, SQLite::TransactionBehavior::DEFERRED);
    work();
  } catch (const SQLite::Exception& error) {
    throw Error(Fault::io, std::string(what) + ": " + error.what());
  }
}

fs::path inventory_file(const std::string& option) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (!option.empty()) return option;
  if (const auto file = variable("CLUSTER_DB"); !file.empty()) return file;
  if (geteuid() == 0) return "/var/lib/cluster/cluster.db";
  auto data = variable("XDG_DATA_HOME");
  if (data.empty()) data = variable("HOME") + "/.local/share";
  return fs::path(data) / "cluster/cluster.db";
}

}  // namespace cluster
