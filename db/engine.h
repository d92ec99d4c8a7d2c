#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "db/author.h"
#include "db/file_store.h"

// The seam below the inventory. The code above it does not know which database stores the rows; the
// code below it does not know what the rows mean. An engine implements the two classes, in
// NAME_engine.cc and files beside it, and has its text of the schema. The SQL is in the language
// that both SQLite and PostgreSQL read (docs/architecture.md).
namespace cluster::db {

/// The time that a command waits for another command that writes.
inline constexpr int kBusyTimeoutMs = 5000;

/// The kinds of failure on which some caller acts.
enum class Why {
  unique,       ///< the row is there already
  foreign_key,  ///< the target of the row is missing, or a row that points to it still exists
  check,        ///< a value that its column does not take
  rule,         ///< a trigger of the schema refused; the message is its own
  denied,       ///< this program may read the database and not write to it
  busy,         ///< another program kept the database for longer than we wait
  unreachable,  ///< the server did not answer; what was begun is undone
  unknown,      ///< the server went while it made a change final: it may be done, or not
  other,        ///< disk, memory, wrong SQL
};

/// The exception that an engine throws. what() is the message of the database.
struct Failure : std::runtime_error {
  Failure(Why kind, std::string name, const std::string& message)
      : std::runtime_error(message), why(kind), constraint(std::move(name)) {}

  Why why;
  /// The constraint that refused, by the name that PostgreSQL gives it: "gpu_pkey",
  /// "gpu_host_slot_key", "vm_container_fkey", "host_rack_check", "host_appliance_not_null", the
  /// name of an index or of a trigger; "" when it is not known. When several would refuse, it is
  /// any one of them.
  std::string constraint;
};

/// One prepared statement. All of its methods throw Failure.
class Statement {
 public:
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  virtual ~Statement() = default;

  /// Sets a parameter by its name, ":host"; std::nullopt is NULL. Text with a NUL is refused
  /// (Why::check): not every database stores it. A parameter keeps its value until it is set again.
  virtual void bind(const char* name, const std::optional<std::string_view>& text) = 0;
  virtual void bind(const char* name, const std::optional<int>& number) = 0;

  /// Goes to the first or the next row of the answer; false when there is none.
  virtual bool step() = 0;

  /// Carries out a statement that answers nothing, makes it ready to be carried out again, and
  /// gives the number of rows that it changed.
  virtual int execute() = 0;

  /// Goes back to the place before the first row.
  virtual void reset() = 0;

  // --- columns of the row, counted from 0

  virtual bool is_null(int column) const = 0;
  virtual int number(int column) const = 0;             ///< 0 of NULL
  virtual std::string_view text(int column) const = 0;  ///< until the next step; "" of NULL

  std::string string(int column) const { return std::string(text(column)); }

  std::optional<int> maybe_number(int column) const {
    return is_null(column) ? std::nullopt : std::optional(number(column));
  }
  std::optional<std::string> maybe_string(int column) const {
    return is_null(column) ? std::nullopt : std::optional(string(column));
  }
};

/// A column that can be written: no generated one.
struct ColumnShape {
  std::string name;
  bool is_number = false;
};

struct TableShape {
  std::string name;
  std::vector<ColumnShape> columns;
};

/// One connection to an inventory's database, for one thread. All of its methods throw Failure. Its
/// destructor undoes an open transaction.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// SQL that is wrong fails here or at its first step.
  virtual std::unique_ptr<Statement> prepare(std::string_view sql) = 0;

  /// Carries out one or more statements without parameters.
  virtual void run(const std::string& statements) = 0;

  /// True for a database of many machines. Who opens it does not bring its schema up to date: its
  /// owner does.
  virtual bool is_shared() const = 0;

  /// Brings the schema up to date. It also throws Error(io), when the database belongs to another
  /// program or to a newer version.
  virtual void migrate() = 0;

  /// False if migrate() would change something. Throws what migrate() throws.
  virtual bool is_up_to_date() = 0;

  /// Begins a transaction that alone writes from here on, with a savepoint `part` in it. After a
  /// failure the caller can run `ROLLBACK TO SAVEPOINT part` and look for the reason, while nobody
  /// else writes.
  virtual void begin_write() = 0;

  /// Begins a transaction whose queries all see the same state.
  virtual void begin_read() = 0;

  /// When this throws, the transaction stays open. It throws Why::foreign_key after
  /// defer_foreign_keys().
  virtual void commit() = 0;

  /// Undoes the transaction, if one is open.
  virtual void roll_back() noexcept = 0;

  virtual bool in_transaction() const = 0;

  /// In a transaction: the same number as before if no other connection changed anything between
  /// the two transactions. Nothing where the database does not tell.
  virtual std::optional<int> revision() { return std::nullopt; }

  /// Foreign keys are not checked before the transaction ends.
  virtual void defer_foreign_keys() = 0;

  /// Says, until the transaction ends, whether the queries join many rows with many. A server
  /// without statistics, as after a load, would take the tables for small ones and compare each row
  /// with each.
  virtual void expect_many(bool many) = 0;

  /// The name by which the operator can open it again (--db): for SQLite the absolute path of its
  /// file.
  virtual std::string where() const = 0;

  /// The reason why nothing can be written through this connection, and who could; "" when it can.
  virtual std::string read_only() const = 0;

  /// In the open transaction, from here on, nothing that is written is a change: the history does
  /// not tell of it, and takes rows from elsewhere. The changes after it get numbers of their own.
  virtual void without_history() = 0;

  /// Does `work`, in the open transaction, while no trigger acts: it adds rows, and does itself
  /// what the triggers would have done. Keys and checks hold as ever. Meanwhile nobody steps on in
  /// an answer from before. False, and nothing was done, where triggers always act.
  virtual bool without_triggers(const std::function<void()>& /*work*/) { return false; }

  /// Says who makes the changes from now on.
  virtual void sign(const Author& author) = 0;

  /// The tables of the inventory, each after those that it points to; those of the history apart.
  virtual std::vector<TableShape> tables() = 0;

  /// What is wrong with the stored bytes, the indexes and the foreign keys, one line each.
  virtual std::vector<std::string> faults() = 0;

  /// Settings of the database by which what a command acknowledged could be lost, one line each.
  virtual std::vector<std::string> remarks() = 0;

  /// Makes `file` a copy of the state at one moment, while others go on. What was in `file` is
  /// replaced as one transaction; `locked` is called when nobody else can write to it any more.
  virtual void copy_to(const std::string& file, const std::function<void()>& locked) = 0;

  /// The files of rolls, where the database keeps them for several machines; else null. They go
  /// with the connection.
  virtual FileStore* files() { return nullptr; }
};

}  // namespace cluster::db
