#include "db/postgres_engine.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "core/text.h"
#include "db/numbered_sql.h"
#include "db/postgres_files.h"
#include "db/postgres_history.h"
#include "db/postgres_place.h"
#include "db/postgres_schema.h"
#include "db/postgres_session.h"

namespace cluster::db {
namespace {

// A writer that does nothing for this long is thrown out, as it keeps the others waiting.
constexpr const char* kIdle = "'8s'";
constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr std::chrono::seconds kFailover(15);  // until a standby is the primary
constexpr std::chrono::milliseconds kBetweenLogins(200);

class PostgresConnection;

class PostgresStatement : public Statement {
 public:
  PostgresStatement(PostgresConnection& connection, std::string_view sql)
      : connection_(connection), sql_(numbered(sql)), values_(sql_.names.size()) {}

  void bind(const char* name, const std::optional<std::string_view>& text) override {
    if (text && text->find('\0') != std::string_view::npos) {
      throw Failure(Why::check, "", "text with a NUL");
    }
    value_of(name) = text ? std::optional<std::string>(*text) : std::nullopt;
  }
  void bind(const char* name, const std::optional<int>& number) override {
    value_of(name) = number ? std::optional(std::to_string(*number)) : std::nullopt;
  }

  bool step() override;
  int execute() override;
  void reset() override {
    result_.reset();
    row_ = -1;
  }

  bool is_null(int column) const override {
    return libpq_.PQgetisnull(result_.get(), row_, column) != 0;
  }
  int number(int column) const override {
    if (is_null(column)) return 0;
    // A boolean is "t" here, and no number.
    const auto digits = text(column);
    int number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
    if (error == std::errc() && end == digits.end()) return number;
    throw Failure(Why::other, "", quote(digits) + " is no number that fits");
  }
  std::string_view text(int column) const override {
    return {libpq_.PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(libpq_.PQgetlength(result_.get(), row_, column))};
  }

 private:
  std::optional<std::string>& value_of(const char* name) {
    // Most are set in the order in which they stand.
    const auto& names = sql_.names;
    auto at = next_;
    if (at >= names.size() || names[at] != name) {
      at = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    }
    if (at == names.size()) throw Failure(Why::other, "", "no parameter " + std::string(name));
    next_ = (at + 1) % names.size();
    return values_[at];
  }

  const Libpq& libpq_ = libpq();
  PostgresConnection& connection_;
  NumberedSql sql_;
  std::vector<std::optional<std::string>> values_;
  std::size_t next_ = 0;  // the parameter after the one that was set last
  PostgresResult result_{nullptr, libpq_.PQclear};
  int row_ = -1;
};

class PostgresConnection : public Connection {
 public:
  PostgresConnection(std::string place, int turn_ms) : place_(std::move(place)), turn_ms_(turn_ms) {
    connect();
  }

  std::unique_ptr<Statement> prepare(std::string_view sql) override {
    return std::make_unique<PostgresStatement>(*this, sql);
  }

  void run(const std::string& statements) override { session_->run(statements); }

  bool is_shared() const override { return true; }
  void migrate() override { migrate_postgres(*this); }
  bool is_up_to_date() override { return is_postgres_up_to_date(*this); }

  void begin_write() override;
  void begin_read() override {
    begin(kBeginRead);
    has_answered_ = false;
  }

  // What was deferred is looked at while the transaction can still be asked: a COMMIT that fails
  // ends it.
  void commit() override {
    if (deferred_) session_->run("SET CONSTRAINTS ALL IMMEDIATE");
    if (copies_) {
      session_->run(
          "SELECT setval(pg_get_serial_sequence('change_row', 'number'), "
          "coalesce(max(number), 0) + 1, false) FROM change_row");
    }
    deferred_ = copies_ = false;
    session_->commit();
  }

  void roll_back() noexcept override {
    deferred_ = copies_ = false;
    has_answered_ = true;
    if (!in_transaction()) return;
    try {
      session_->run("ROLLBACK");
    } catch (const Failure&) {  // the server is gone, and the transaction with it
    }
  }

  bool in_transaction() const override { return session_->in_transaction(); }

  void defer_foreign_keys() override {
    session_->run("SET CONSTRAINTS ALL DEFERRED");
    deferred_ = true;
  }

  void expect_many(bool many) override {
    session_->run(many ? "SET LOCAL enable_nestloop = off"
                       : "SET LOCAL enable_nestloop TO DEFAULT");
  }

  std::string where() const override { return place_; }
  std::string read_only() const override { return read_only_; }
  void without_history() override;
  void sign(const Author& author) override { author_ = author; }

  std::vector<TableShape> tables() override { return tables_of_postgres(*this); }
  std::vector<std::string> faults() override { return faults_of_postgres(*this); }
  std::vector<std::string> remarks() override { return weak_settings(*this); }
  FileStore* files() override { return files_.get(); }
  void copy_to(const std::string&, const std::function<void()>&) override {
    throw Failure(Why::other, "", "an inventory on PostgreSQL is no file that can be copied");
  }

  PostgresResult execute(const std::string& sql, const std::vector<const char*>& values);

 private:
  void connect();
  void log_in();
  void begin(const std::string& statements);
  std::string settings();
  std::string who_writes();

  std::string place_;
  int turn_ms_;
  Author author_;
  std::unique_ptr<PostgresSession> session_;
  std::unique_ptr<FileStore> files_ = postgres_files(*this);
  std::string read_only_;     // the reason; "": it can be written
  bool has_answered_ = true;  // false: a transaction reads, and another can take its place
  bool deferred_ = false;     // foreign keys are looked at when the transaction ends
  bool copies_ = false;       // the rows of the history have their numbers already
};

bool PostgresStatement::step() {
  if (!result_) {
    std::vector<const char*> values;
    for (const auto& value : values_) values.push_back(value ? value->c_str() : nullptr);
    result_ = connection_.execute(sql_.sql, values);
  }
  const int rows = libpq_.PQntuples(result_.get());
  if (row_ < rows) ++row_;
  return row_ < rows;
}

int PostgresStatement::execute() {
  reset();
  step();
  const int changed = std::atoi(libpq_.PQcmdTuples(result_.get()));
  reset();
  return changed;
}

// Of several servers the one that may be written to may be about to change.
void PostgresConnection::connect() {
  using Clock = std::chrono::steady_clock;
  for (const auto end = Clock::now() + kFailover;;) {
    try {
      log_in();
      return;
    } catch (const Failure& failure) {
      if (number_of_servers(place_) == 1 || !may_pass(failure) || Clock::now() >= end) throw;
    }
    std::this_thread::sleep_for(kBetweenLogins);
  }
}

void PostgresConnection::log_in() {
  session_ = std::make_unique<PostgresSession>(place_);
  const auto result = session_->run(
      "SET search_path = cluster; SET standard_conforming_strings = on; SET lock_timeout = '" +
      std::to_string(turn_ms_) +
      "ms'; SELECT session_user, to_regclass('cluster.turn') IS NULL OR "
      "has_table_privilege(to_regclass('cluster.turn'), 'DELETE')");
  const auto text = [&](int column) {
    return std::string_view(libpq().PQgetvalue(result.get(), 0, column));
  };
  read_only_ = text(1) == "t" ? "" : "role " + quote(text(0)) + " may only read this inventory";
}

void PostgresConnection::without_history() {
  const auto query =
      prepare("SELECT session_user WHERE NOT pg_has_role(session_user, 'cluster_owner', 'MEMBER')");
  if (query->step()) {
    throw Failure(Why::denied, "",
                  "role " + quote(query->text(0)) +
                      " may not write another history into it (want a member of cluster_owner)");
  }
  session_->run("SET LOCAL cluster.history = 'off'");
  copies_ = true;
}

// Nothing was done yet, so a server that is gone costs another login and no more.
void PostgresConnection::begin(const std::string& statements) {
  try {
    if (!session_->is_lost()) {
      session_->run(statements);
      return;
    }
  } catch (const Failure& failure) {
    if (failure.why != Why::unreachable) throw;
  }
  connect();
  session_->run(statements);
}

// A transaction that reads and has answered nothing is begun anew where its server went: nobody has
// seen a state that another answer could contradict.
PostgresResult PostgresConnection::execute(const std::string& sql,
                                           const std::vector<const char*>& values) {
  const bool may_repeat = !has_answered_;
  has_answered_ = true;
  try {
    return session_->execute(sql, values);
  } catch (const Failure& failure) {
    if (failure.why != Why::unreachable || !may_repeat) throw;
  }
  begin(kBeginRead);
  return session_->execute(sql, values);
}

// What the history writes down of who makes the change (schema/0019_inventory.postgresql.sql), and
// what a colleague sees who waits.
std::string PostgresConnection::settings() {
  std::string set;
  const auto say = [&](const char* key, const std::string& value) {
    set += "SET LOCAL " + std::string(key) + " = " + session_->literal(value) + ";";
  };
  say("cluster.login", author_.login);
  say("cluster.sudo_user", author_.sudo_user);
  say("cluster.origin", author_.origin);
  say("cluster.command", author_.command);
  if (!author_.command.empty()) {
    say("application_name", author_.login + (author_.origin.empty() ? "" : "@" + author_.origin) +
                                ": " + author_.command);
  }
  return set;
}

std::string PostgresConnection::who_writes() {
  const auto query = prepare(
      "SELECT activity.usename, activity.application_name FROM pg_locks AS held "
      "JOIN pg_stat_activity AS activity ON activity.pid = held.pid "
      "WHERE held.relation = to_regclass('cluster.turn') AND held.granted "
      "AND held.mode = 'ExclusiveLock'");
  if (!query->step()) return "another command writes: try again";
  return "role " + quote(query->text(0)) + " is writing (" + query->string(1) + "): try again";
}

void PostgresConnection::begin_write() {
  if (!read_only_.empty()) throw Failure(Why::denied, "", read_only_);
  try {
    begin(
        "BEGIN; LOCK TABLE turn IN EXCLUSIVE MODE;"
        "SET LOCAL idle_in_transaction_session_timeout = " +
        std::string(kIdle) + ";" + settings() + "SAVEPOINT part");
  } catch (const Failure& failure) {
    roll_back();
    if (failure.why != Why::busy) throw;
    throw Failure(Why::busy, "", who_writes());
  }
}

}  // namespace

std::unique_ptr<Connection> open_postgres(const std::string& place, int turn_ms) {
  return std::make_unique<PostgresConnection>(place, turn_ms);
}

}  // namespace cluster::db
