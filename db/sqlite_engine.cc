#include "db/sqlite_engine.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "db/database_file.h"
#include "db/numbered_sql.h"
#include "db/sqlite_constraints.h"
#include "db/sqlite_history.h"
#include "db/sqlite_shape.h"
#include "schema/schema.h"

// This file passes 400 lines on purpose: it alone includes SQLiteCpp.
namespace cluster::db {
namespace {

namespace fs = std::filesystem;

constexpr int kApplicationId = 0x526f6c6c;  // "Roll": marks a database file as ours

// Adds the details that are missing in SQLite's own message ("unable to open database file").
std::string open_failure(const fs::path& file, const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
      return "is not an inventory (not an SQLite file)";
    case SQLITE_CORRUPT:
      return "is damaged (" + std::string(error.getErrorStr()) +
             "): `cluster restore database` puts a saved one in its place";
    case SQLITE_BUSY:
      return "another command keeps it (" + std::string(error.getErrorStr()) + "): try again";
    default:
      break;
  }
  if (auto why = why_unreadable(file); !why.empty()) return why;
  if (auto why = why_unwritable(file); !why.empty()) return why;
  return error.getErrorStr();
}

// True for failures that somebody who only reads need not care about: the file or what SQLite keeps
// beside it (-wal, -shm) cannot be written.
bool is_about_writing(const SQLite::Exception& error) {
  const auto code = error.getErrorCode();
  return code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_FULL ||
         code == SQLITE_IOERR || code == SQLITE_PERM;
}

// An open file, and what it takes to read it where one may not write.
struct Opened {
  std::unique_ptr<PrivateCopy> copy;  // null: the file itself is open
  std::unique_ptr<SQLite::Database> db;
  std::string read_only;  // the reason; "": it can be written
};

std::unique_ptr<SQLite::Database> open_for_writing(const fs::path& file, int busy_timeout_ms) {
  auto db = std::make_unique<SQLite::Database>(
      file.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX,
      busy_timeout_ms);
  db->execAndGet("SELECT count(*) FROM sqlite_schema");  // opens the log, too
  return db;
}

// A file whose log is in nobody's use cannot be read without writing beside it; SQLite would have
// to be told that nobody changes it, which is not known. So such a file is read from a copy.
Opened open_database(const fs::path& file, int busy_timeout_ms) {
  std::error_code unseen;  // a folder that is closed, a circle of links: SQLite says so, too
  std::string why = fs::exists(file, unseen) ? why_unwritable(file) : "";
  if (why.empty()) {
    try {
      return {nullptr, open_for_writing(file, busy_timeout_ms), ""};
    } catch (const SQLite::Exception& error) {
      if (!is_about_writing(error) || !fs::exists(file, unseen) || fs::file_size(file) == 0) throw;
      why = open_failure(file, error);
    }
  }
  if (auto unreadable = why_unreadable(file); !unreadable.empty()) {
    throw Failure(Why::other, "", unreadable);
  }
  auto copy = std::make_unique<PrivateCopy>(file);
  auto db = open_for_writing(copy->file(), busy_timeout_ms);
  return {std::move(copy), std::move(db), why};
}

// How long a connection waits for others. SQLite's own way asks ever more rarely, up to ten times a
// second, so that of many writers the one that waits longest hardly ever has its turn.
class Patience {
 public:
  Patience(sqlite3* db, int timeout_ms) : timeout_(timeout_ms) {
    sqlite3_busy_handler(db, wait, this);
  }

 private:
  // Returns 0 when it was long enough. `count` is how often it waited for the same lock.
  static int wait(void* self, int count) {
    auto& patience = *static_cast<Patience*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (count == 0) patience.since_ = now;
    if (now - patience.since_ >= patience.timeout_) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(count % 10 + 1));
    return 1;
  }

  std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point since_;
};

// While it lives, statements are compiled without triggers. SQLite compiles all of them anew each
// time that this changes. https://sqlite.org/c3ref/c_dbconfig_defensive.html
class TriggersOff {
 public:
  explicit TriggersOff(sqlite3* db) : db_(db) { set(0); }
  TriggersOff(const TriggersOff&) = delete;
  TriggersOff& operator=(const TriggersOff&) = delete;
  ~TriggersOff() { set(1); }

 private:
  void set(int on) { sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, on, nullptr); }

  sqlite3* db_;
};

class SqliteConnection;

// What was compiled of `sql`, and the names of its parameters: the first one has number 1.
struct Compiled {
  std::string sql;
  std::unique_ptr<SQLite::Statement> statement;
  std::vector<std::string> names;
  std::vector<std::string> texts;  // that are bound, by their numbers: SQLite copies none of them
};

class SqliteStatement : public Statement {
 public:
  SqliteStatement(SqliteConnection& connection, Compiled compiled)
      : connection_(connection), owned_(std::move(compiled)), statement_(*owned_.statement) {}
  ~SqliteStatement() override;

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

  int number_of(const char* name);

  SqliteConnection& connection_;
  Compiled owned_;
  SQLite::Statement& statement_;
  std::size_t expected_ = 0;             // the index of the name that is bound next, most likely
  std::vector<SQLite::Column> columns_;  // each reads the row where the statement is
};

class SqliteConnection : public Connection {
 public:
  SqliteConnection(const fs::path& file, int busy_timeout_ms)
      : file_(file),
        opened_(open_database(file, busy_timeout_ms)),
        db_(*opened_.db),
        patience_(db_.getHandle(), busy_timeout_ms) {
    // What it takes to undo a part of a transaction is not written to a file on the way.
    db_.exec("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY");
  }

  std::unique_ptr<Statement> prepare(std::string_view sql) override {
    try {
      return std::make_unique<SqliteStatement>(*this, compiled(std::string(sql)));
    } catch (const SQLite::Exception& error) {
      throw failure(error, sql);
    }
  }

  // Keeps a statement that nobody uses any more, for the next prepare() of its text.
  void keep(Compiled compiled);

  void run(const std::string& statements) override {
    try {
      db_.exec(statements);
    } catch (const SQLite::Exception& error) {
      throw failure(error, statements);
    }
  }

  bool is_shared() const override { return false; }
  void migrate() override;
  bool is_up_to_date() override;

  void begin_write() override {
    if (!opened_.read_only.empty()) throw Failure(Why::denied, "", opened_.read_only);
    run("BEGIN IMMEDIATE");
    try {
      begin_change(*this);
      run("SAVEPOINT part");
    } catch (...) {
      roll_back();
      throw;
    }
    is_change_ = true;
  }
  void begin_read() override { run("BEGIN"); }

  void commit() override {
    if (is_change_) end_change(*this, author_);
    is_change_ = false;
    run("COMMIT");
  }

  void without_history() override { run("UPDATE change_now SET id = NULL"); }
  bool without_triggers(const std::function<void()>& work) override {
    const TriggersOff off(db_.getHandle());
    // So many rows are written to the log once, by COMMIT, and not page by page on the way as well.
    run("PRAGMA cache_size = -16384");
    work();
    return true;
  }
  void sign(const Author& author) override { author_ = author; }

  void roll_back() noexcept override {
    is_change_ = false;
    if (in_transaction()) db_.tryExec("ROLLBACK");
  }

  bool in_transaction() const override { return sqlite3_get_autocommit(db_.getHandle()) == 0; }

  std::optional<int> revision() override { return pragma("data_version"); }

  // The pragma has all statements compiled anew, so it is not said twice in a transaction.
  void defer_foreign_keys() override {
    if (pragma("defer_foreign_keys") == 0) run("PRAGMA defer_foreign_keys = ON");
  }

  void expect_many(bool) override {}  // it has no other way to join

  std::string where() const override { return fs::absolute(file_).native(); }
  std::string read_only() const override { return opened_.read_only; }

  std::vector<TableShape> tables() override { return tables_of(*this); }
  std::vector<std::string> faults() override { return faults_of(*this); }
  std::vector<std::string> remarks() override { return {}; }  // each COMMIT is on the disk
  void copy_to(const std::string& file, const std::function<void()>& locked) override;

  // Explains `error` of `sql`; `again` runs the statement a second time.
  Failure failure(const SQLite::Exception& error, std::string_view sql,
                  const std::function<void()>& again = {});

 private:
  // To compile what writes a table may take longer than to carry it out, as its triggers are
  // compiled with it. So what was compiled before is taken again.
  Compiled compiled(const std::string& sql);

  int pragma(const char* name) { return db_.execAndGet(std::string("PRAGMA ") + name).getInt(); }

  int checked_version();
  void keep_a_log();
  std::string broken_key(const std::function<void()>& again);

  fs::path file_;
  Opened opened_;
  SQLite::Database& db_;
  Patience patience_;
  std::unordered_map<std::string, Compiled> idle_;  // by their texts
  Author author_;
  bool is_change_ = false;  // the open transaction writes
};

SqliteStatement::~SqliteStatement() {
  columns_.clear();
  connection_.keep(std::move(owned_));
}

// SQLite compares a name with one after the other, and a list of hosts has a thousand of them.
// Whoever binds does so in the order in which they stand.
int SqliteStatement::number_of(const char* name) {
  const auto& names = owned_.names;
  if (expected_ >= names.size() || std::strcmp(names[expected_].c_str(), name) != 0) {
    expected_ = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  }
  return static_cast<int>(++expected_);  // SQLite refuses the number of a name that is not there
}

void SqliteStatement::bind(const char* name, const std::optional<std::string_view>& text) {
  if (text && text->find('\0') != std::string_view::npos) {
    throw Failure(Why::check, "", "text with a NUL");
  }
  try {
    if (text) {
      const int number = number_of(name);
      const auto at = static_cast<std::size_t>(number) - 1;
      if (at == owned_.texts.size()) {  // SQLite refuses it
        statement_.bind(number, std::string(*text));
        return;
      }
      owned_.texts[at] = *text;
      statement_.bindNoCopy(number, owned_.texts[at]);
    } else {
      statement_.bind(number_of(name));
    }
  } catch (const SQLite::Exception& error) {
    throw connection_.failure(error, statement_.getQuery());
  }
}

void SqliteStatement::bind(const char* name, const std::optional<int>& number) {
  try {
    if (number) {
      statement_.bind(number_of(name), *number);
    } else {
      statement_.bind(number_of(name));
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

Compiled SqliteConnection::compiled(const std::string& sql) {
  const auto kept = idle_.extract(sql);
  if (kept.empty()) {
    auto made = numbered(sql, Spelling::sqlite);
    auto statement = std::make_unique<SQLite::Statement>(db_, made.sql);
    std::vector<std::string> texts(made.names.size());
    return {sql, std::move(statement), std::move(made.names), std::move(texts)};
  }
  kept.mapped().statement->clearBindings();
  return std::move(kept.mapped());
}

void SqliteConnection::keep(Compiled compiled) {
  constexpr std::size_t kMost = 32;
  constexpr std::size_t kLongest = 4096;  // a list of hosts is longer: nobody asks for it again
  if (compiled.sql.size() > kLongest) return;
  compiled.statement->tryReset();
  if (idle_.size() == kMost) idle_.clear();
  auto sql = compiled.sql;
  idle_.try_emplace(std::move(sql), std::move(compiled));
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
  if (version < 0) throw Error(Fault::io, "is damaged: its version is " + std::to_string(version));
  if (version > known) {
    throw Error(Fault::io, "is of a newer version (schema " + std::to_string(version) +
                               ", this program knows " + std::to_string(known) +
                               "): upgrade `cluster`");
  }
  return version;
}

// SQLite waits for nobody when two commands do this at once, as both would read first.
void SqliteConnection::keep_a_log() {
  constexpr int kTries = 250;
  constexpr std::chrono::milliseconds kPause(20);
  for (int tries = 1;; ++tries) {
    try {
      db_.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_BUSY || tries == kTries) throw;
      std::this_thread::sleep_for(kPause);
    }
  }
}

void SqliteConnection::migrate() {
  const auto known = static_cast<int>(migrations().size());
  try {
    if (checked_version() == known) return;
    keep_a_log();
    // The lock comes before the second look, so two commands cannot both migrate.
    SQLite::Transaction transaction(db_, SQLite::TransactionBehavior::IMMEDIATE);
    stop_history(*this);
    for (auto version = checked_version(); version < known; ++version) {
      db_.exec(std::string(migrations()[static_cast<std::size_t>(version)]));
    }
    start_history(*this);
    db_.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    db_.exec("PRAGMA user_version = " + std::to_string(known));
    transaction.commit();
  } catch (const SQLite::Exception& error) {
    throw Failure(Why::other, "", open_failure(file_, error));
  }
}

bool SqliteConnection::is_up_to_date() {
  try {
    return checked_version() == static_cast<int>(migrations().size());
  } catch (const SQLite::Exception& error) {
    throw Failure(Why::other, "", open_failure(file_, error));
  }
}

// The first step takes the lock of the target, the last one lets go of it.
// https://sqlite.org/backup.html
void SqliteConnection::copy_to(const std::string& file, const std::function<void()>& locked) {
  constexpr int kTries = 250;
  constexpr std::chrono::milliseconds kPause(20);
  try {
    SQLite::Database target(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    SQLite::Backup backup(target, db_);
    const auto step = [&](int pages) {
      for (int tries = 1;; ++tries) {
        const int result = backup.executeStep(pages);
        if (result == SQLITE_DONE || result == SQLITE_OK) return;
        if (tries == kTries) throw Failure(Why::busy, "", "another command keeps " + quote(file));
        std::this_thread::sleep_for(kPause);
      }
    };
    step(1);
    if (locked) locked();
    step(-1);
  } catch (const SQLite::Exception& error) {
    throw Failure(Why::other, "", quote(file) + ": " + open_failure(file, error));
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
