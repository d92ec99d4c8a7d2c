#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "db/engine.h"
#include "db/libpq.h"

namespace cluster::db {

/// An answer of the server.
using PostgresResult = std::unique_ptr<PGresult, decltype(&::PQclear)>;

/// True for what a server says while it starts, stops, or is not yet the one that may be written
/// to.
bool may_pass(const Failure& failure);

/// One login at a server. It knows nothing of the inventory. Each question has a deadline, as TCP
/// alone waits for a stopped server without an end. All methods throw Failure.
class PostgresSession {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  /// Logs in. Throws Error(usage), too (db/postgres_place.h).
  explicit PostgresSession(const std::string& place);
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;
  ~PostgresSession();

  /// The last result of one or more statements without parameters.
  PostgresResult run(const std::string& statements);

  /// Makes the change final. Throws Why::unknown when it may be done, or not.
  void commit();

  /// Carries out `sql`, which has $1, $2, ... for `values`. A null pointer is NULL. What comes a
  /// second time is prepared, as that takes a question of its own.
  PostgresResult execute(const std::string& sql, const std::vector<const char*>& values);

  bool in_transaction() const;
  bool is_lost() const;

  /// `text` in quotes, as a literal of SQL.
  std::string literal(const std::string& text);

 private:
  using Moment = std::chrono::steady_clock::time_point;

  void finish_login();
  bool wait_until(Moment end);
  PostgresResult receive(std::chrono::milliseconds patience);
  void must_send(int sent);
  void prepare(const std::string& sql, std::string& name);
  void require_safe(const std::string& place);
  Failure failure(const PGresult* result) const;
  Failure lost(const std::string& why) const;

  const Libpq& libpq_;
  PGconn* connection_ = nullptr;
  std::map<std::string, std::string> names_;  // of what is prepared; "": it was carried out once
  int prepared_ = 0;                          // how many
  bool alone_ = false;                        // no standby confirmed the last COMMIT
};

}  // namespace cluster::db
