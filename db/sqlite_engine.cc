#include "db/sqlite_engine.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "core/error.h"
#include "db/sqlite_constraints.h"
#include "schema/schema.h"

namespace cluster::db {
namespace {

namespace fs = std::filesystem;

constexpr int kApplicationId = 0x526f6c6c;  // "Roll": marks a database file as ours

// Adds the details that are missing in SQLite's own message ("unable to open database file").
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

class SqliteConnection;

class SqliteStatement : public Statement {
 public:
  SqliteStatement(SqliteConnection& connection, const SQLite::Database& db, const std::string& sql)
      : connection_(connection), statement_(db, sql) {}

  void bind(const char* name, const std::optional<std::string_view>& text) override;
  void bind(const char* name, const std::optional<int>& number) override;
  bool step() override;
  int execute() override;
  void reset() override { statement_.tryReset(); }  // what went wrong was said by step()

  bool is_null(int column) const override { return at(column).isNull(); }
  int number(int column) const override { return at(column).getInt(); }
  std::string_view text(int column) const override {
    const char* text = at(column).getText();
    return {text, static_cast<std::size_t>(at(column).getBytes())};
  }

 private:
  const SQLite::Column& at(int column) const {
    return columns_.at(static_cast<std::size_t>(column));
  }

  SqliteConnection& connection_;
  SQLite::Statement statement_;
  std::vector<SQLite::Column> columns_;  // each reads the row where the statement is
};

class SqliteConnection : public Connection {
 public:
  SqliteConnection(const fs::path& file, int busy_timeout_ms)
      : file_(file),
        db_(file.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX,
            busy_timeout_ms) {
    db_.exec("PRAGMA foreign_keys = ON");
  }

  std::unique_ptr<Statement> prepare(std::string_view sql) override {
    try {
      return std::make_unique<SqliteStatement>(*this, db_, std::string(sql));
    } catch (const SQLite::Exception& error) {
      throw failure(error, sql);
    }
  }

  void run(const std::string& statements) override {
    try {
      db_.exec(statements);
    } catch (const SQLite::Exception& error) {
      throw failure(error, statements);
    }
  }

  void migrate() override;

  void begin_write() override { run("BEGIN IMMEDIATE; SAVEPOINT part"); }
  void begin_read() override { run("BEGIN"); }

  void commit() override { run("COMMIT"); }

  void roll_back() noexcept override {
    if (in_transaction()) db_.tryExec("ROLLBACK");
  }

  bool in_transaction() const override { return sqlite3_get_autocommit(db_.getHandle()) == 0; }

  void defer_foreign_keys() override { run("PRAGMA defer_foreign_keys = ON"); }

  std::string where() const override { return fs::absolute(file_).native(); }

  // Explains `error` of `sql`; `again` runs the statement a second time.
  Failure failure(const SQLite::Exception& error, std::string_view sql,
                  const std::function<void()>& again = {});

 private:
  int pragma(const char* name) { return db_.execAndGet(std::string("PRAGMA ") + name).getInt(); }

  int checked_version();
  std::string broken_key(const std::function<void()>& again);

  fs::path file_;
  SQLite::Database db_;
};

void SqliteStatement::bind(const char* name, const std::optional<std::string_view>& text) {
  if (text && text->find('\0') != std::string_view::npos) {
    throw Failure(Why::check, "", "text with a NUL");
  }
  try {
    if (text) {
      statement_.bind(name, std::string(*text));
    } else {
      statement_.bind(name);
    }
  } catch (const SQLite::Exception& error) {
    throw connection_.failure(error, statement_.getQuery());
  }
}

void SqliteStatement::bind(const char* name, const std::optional<int>& number) {
  try {
    if (number) {
      statement_.bind(name, *number);
    } else {
      statement_.bind(name);
    }
  } catch (const SQLite::Exception& error) {
    throw connection_.failure(error, statement_.getQuery());
  }
}

bool SqliteStatement::step() {
  if (statement_.isDone()) return false;
  try {
    if (!statement_.executeStep()) return false;
    while (static_cast<int>(columns_.size()) < statement_.getColumnCount()) {
      columns_.push_back(statement_.getColumn(static_cast<int>(columns_.size())));
    }
    return true;
  } catch (const SQLite::Exception& error) {
    statement_.tryReset();
    throw connection_.failure(error, statement_.getQuery(), [this] {
      while (statement_.tryExecuteStep() == SQLITE_ROW) continue;
      statement_.tryReset();
    });
  }
}

int SqliteStatement::execute() {
  while (step()) continue;
  const int changed = statement_.getChanges();
  statement_.tryReset();
  return changed;
}

Failure SqliteConnection::failure(const SQLite::Exception& error, std::string_view sql,
                                  const std::function<void()>& again) {
  const std::string message = error.what();
  switch (error.getExtendedErrorCode()) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      return {Why::unique, unique_name(*this, message), message};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Why::foreign_key, broken_key(again), message};
    case SQLITE_CONSTRAINT_CHECK:
      return {Why::check, check_name(*this, message, sql), message};
    case SQLITE_CONSTRAINT_NOTNULL:
      return {Why::check, not_null_name(message), message};
    case SQLITE_CONSTRAINT_DATATYPE:
      return {Why::check, "", message};
    case SQLITE_CONSTRAINT_TRIGGER:
      return {Why::rule, rule_name(*this, message, sql), message};
    default:
      return {error.getErrorCode() == SQLITE_BUSY ? Why::busy : Why::other, "", message};
  }
}

// SQLite does not say which foreign key was broken. So the statement is run once more with the keys
// checked later, and then undone. After COMMIT the rows are there anyway.
std::string SqliteConnection::broken_key(const std::function<void()>& again) {
  if (!again) return broken_key_name(*this);
  const bool deferred = pragma("defer_foreign_keys") != 0;
  run("SAVEPOINT again; PRAGMA defer_foreign_keys = ON");
  again();
  auto name = broken_key_name(*this);
  run("ROLLBACK TO SAVEPOINT again; RELEASE SAVEPOINT again");
  if (!deferred) run("PRAGMA defer_foreign_keys = OFF");
  return name;
}

int SqliteConnection::checked_version() {
  const auto known = static_cast<int>(migrations().size());
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
}

void SqliteConnection::migrate() {
  const auto known = static_cast<int>(migrations().size());
  try {
    if (checked_version() == known) return;
    db_.exec("PRAGMA journal_mode = WAL");
    // The lock comes before the second look, so two commands cannot both migrate.
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    for (auto version = checked_version(); version < known; ++version) {
      db_.exec(std::string(migrations()[static_cast<std::size_t>(version)]));
    }
    db_.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    db_.exec("PRAGMA user_version = " + std::to_string(known));
    transaction.commit();
  } catch (const SQLite::Exception& error) {
    throw Failure(Why::other, "", open_failure(file_, error));
  }
}

}  // namespace

std::unique_ptr<Connection> open_sqlite(const fs::path& file, int busy_timeout_ms) {
  // Without counts of its memory, SQLite locks nothing at each allocation. It takes this before its
  // first use alone; https://sqlite.org/c3ref/c_config_covering_index_scan.html
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  try {
    return std::make_unique<SqliteConnection>(file, busy_timeout_ms);
  } catch (const SQLite::Exception& error) {
    throw Failure(Why::other, "", open_failure(file, error));
  }
}

}  // namespace cluster::db
