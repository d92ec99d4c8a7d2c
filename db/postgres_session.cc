#include "db/postgres_session.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <thread>

#include "core/text.h"
#include "db/postgres_place.h"

namespace cluster::db {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCommit(10);
constexpr std::chrono::seconds kLastLook(5);  // after a COMMIT was called off

constexpr std::chrono::seconds kPromptLogin(1);

int milliseconds_until(Clock::time_point end) {
  return static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count());
}

// What is said while a standby takes over. libpq has no codes for what goes wrong at a login.
constexpr std::array kPassing{"Connection refused",
                              "read-only",
                              "starting up",
                              "shutting down",
                              "recovery mode",
                              "server closed",
                              "is gone",
                              "terminating connection",
                              "timeout expired",
                              "No such file or directory"};

// libpq adds what it found of a socket that it had closed; that says nothing.
std::string one_line(const char* text) {
  std::string line;
  for (const auto part : split(std::string_view(trim(text)), '\n')) {
    const auto words = trim(part);
    if (words == "invalid socket") continue;
    line += (line.empty() ? "" : "; ") + std::string(words);
  }
  return line;
}

// https://www.postgresql.org/docs/15/errcodes-appendix.html
Why kind_of(std::string_view state) {
  if (state == "23505") return Why::unique;
  if (state == "23503") return Why::foreign_key;
  if (state == "23R01") return Why::rule;
  if (state.starts_with("23") || state.starts_with("22")) return Why::check;
  if (state == "55P03" || state == "40001" || state == "40P01" || state == "57014") {
    return Why::busy;
  }
  if (state == "42501" || state.starts_with("28")) return Why::denied;
  if (state.starts_with("08") || state.starts_with("57P") || state == "25006" || state == "25P03") {
    return Why::unreachable;
  }
  return Why::other;
}

}  // namespace

bool may_pass(const Failure& failure) {
  const std::string_view why = failure.what();
  return failure.why == Why::unreachable && std::ranges::any_of(kPassing, [&](const char* words) {
           return why.find(words) != std::string_view::npos;
         });
}

PostgresSession::PostgresSession(const std::string& place) : libpq_(libpq()) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  const auto parameters = connection_parameters(place);
  for (const auto& [key, value] : parameters) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = libpq_.PQconnectStartParams(keys.data(), values.data(), 1);
  // libpq prints what the server remarks, at the login, too, unless somebody takes it.
  libpq_.PQsetNoticeReceiver(
      connection_,
      [](void* self, const PGresult* remark) {
        auto& session = *static_cast<PostgresSession*>(self);
        const char* state = session.libpq_.PQresultErrorField(remark, PG_DIAG_SQLSTATE);
        if (state != nullptr && std::string_view(state) == "01000") session.alone_ = true;
      },
      this);
  finish_login();
  if (libpq_.PQstatus(connection_) != CONNECTION_OK) {
    const auto why = one_line(libpq_.PQerrorMessage(connection_));
    libpq_.PQfinish(connection_);
    throw lost(why);
  }
  require_safe(place);
}

PostgresSession::~PostgresSession() {
  if (connection_ != nullptr) libpq_.PQfinish(connection_);
}

// A login that takes long is begun anew and left to libpq, which alone knows how long to wait for
// each of several servers.
void PostgresSession::finish_login() {
  const auto end = Clock::now() + kPromptLogin;
  auto step = PGRES_POLLING_WRITING;
  while (libpq_.PQstatus(connection_) != CONNECTION_BAD && step != PGRES_POLLING_OK) {
    const auto left = milliseconds_until(end);
    if (left <= 0) {
      libpq_.PQreset(connection_);
      return;
    }
    pollfd server{libpq_.PQsocket(connection_), POLLOUT, 0};
    if (step == PGRES_POLLING_READING) server.events = POLLIN;
    if (poll(&server, 1, left) > 0) step = libpq_.PQconnectPoll(connection_);
  }
}

// A service or the environment may name another machine and leave libpq's default, which verifies
// nothing.
void PostgresSession::require_safe(const std::string& place) {
  std::string host;
  std::string mode;
  const std::unique_ptr<PQconninfoOption, decltype(&::PQconninfoFree)> options(
      libpq_.PQconninfo(connection_), libpq_.PQconninfoFree);
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    const std::string value = option->val == nullptr ? "" : option->val;
    if (option->keyword == std::string("host")) host = value;
    if (option->keyword == std::string("hostaddr") && host.empty()) host = value;
    if (option->keyword == std::string("sslmode")) mode = value;
  }
  if (place.find("sslmode=") != std::string::npos || mode.starts_with("verify-") ||
      mode == "require") {
    return;
  }
  for (const auto one : split(std::string_view(host), ',')) {
    if (is_local(std::string(one))) continue;
    libpq_.PQfinish(connection_);
    connection_ = nullptr;
    throw Failure(Why::denied, "",
                  "nobody verifies that " + quote(one) + " is " + quote(one) +
                      " with sslmode=" + mode + " (want sslmode=verify-full)");
  }
}

Failure PostgresSession::lost(const std::string& why) const {
  return {Why::unreachable, "", why.empty() ? "the server is gone" : why};
}

Failure PostgresSession::failure(const PGresult* result) const {
  const auto field = [&](int code) -> std::string {
    const char* text = result == nullptr ? nullptr : libpq_.PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
  };
  const auto state = field(PG_DIAG_SQLSTATE);
  if (state.empty()) return lost(one_line(libpq_.PQerrorMessage(connection_)));
  auto name = field(PG_DIAG_CONSTRAINT_NAME);
  if (state == "23502") {
    name = field(PG_DIAG_TABLE_NAME) + "_" + field(PG_DIAG_COLUMN_NAME) + "_not_null";
  }
  return {kind_of(state), name, field(PG_DIAG_MESSAGE_PRIMARY)};
}

bool PostgresSession::wait_until(Moment end) {
  while (libpq_.PQisBusy(connection_) != 0) {
    const auto left = milliseconds_until(end);
    if (left <= 0) return false;
    pollfd server{libpq_.PQsocket(connection_), POLLIN, 0};
    if (poll(&server, 1, left) <= 0) continue;                 // a signal, or time is up
    if (libpq_.PQconsumeInput(connection_) == 0) return true;  // gone: the result says so
  }
  return true;
}

// All results are taken, as libpq wants it; the first that failed counts.
PostgresResult PostgresSession::receive(std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  PostgresResult last(nullptr, libpq_.PQclear);
  for (;;) {
    if (!wait_until(end)) {
      libpq_.PQfinish(connection_);
      connection_ = nullptr;
      throw lost(
          "the server did not answer for " +
          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
          " s");
    }
    PostgresResult next(libpq_.PQgetResult(connection_), libpq_.PQclear);
    if (!next) break;
    if (last && libpq_.PQresultStatus(last.get()) == PGRES_FATAL_ERROR) continue;
    last = std::move(next);
  }
  const auto status = last ? libpq_.PQresultStatus(last.get()) : PGRES_FATAL_ERROR;
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw failure(last.get());
  return last;
}

void PostgresSession::must_send(int sent) {
  if (sent == 0) throw lost(one_line(libpq_.PQerrorMessage(connection_)));
}

PostgresResult PostgresSession::run(const std::string& statements) {
  if (connection_ == nullptr) throw lost("");
  must_send(libpq_.PQsendQuery(connection_, statements.c_str()));
  return receive(kPatience);
}

// A COMMIT that waits for a standby does not heed statement_timeout. When it is called off, it is
// done, on the primary alone, and the server remarks that.
void PostgresSession::commit() {
  if (is_lost()) throw lost("");  // before: so nothing is done
  if (libpq_.PQtransactionStatus(connection_) == PQTRANS_INERROR) {
    throw Failure(Why::other, "", "a part of the change failed");  // COMMIT would undo it untold
  }
  alone_ = false;
  const Failure unknown(Why::unknown, "", "the server went while it stored the change");
  if (libpq_.PQsendQuery(connection_, "COMMIT") == 0) throw unknown;
  if (!wait_until(Clock::now() + kCommit)) {
    // The call waits for the server, which may be stopped: nobody waits for the call.
    if (auto* cancel = libpq_.PQgetCancel(connection_); cancel != nullptr) {
      std::thread([cancel, &libpq = libpq_] {
        std::array<char, 256> why{};
        libpq.PQcancel(cancel, why.data(), static_cast<int>(why.size()));
        libpq.PQfreeCancel(cancel);
      }).detach();
    }
  }
  try {
    receive(kLastLook);
  } catch (const Failure& failure) {
    if (failure.why == Why::unreachable) throw unknown;
    throw;
  }
  if (alone_) {
    throw Failure(Why::unknown, "", "it is stored on the primary alone, no standby confirmed it");
  }
}

void PostgresSession::prepare(const std::string& sql, std::string& name) {
  auto chosen = "s" + std::to_string(++prepared_);
  must_send(libpq_.PQsendPrepare(connection_, chosen.c_str(), sql.c_str(), 0, nullptr));
  receive(kPatience);
  name = std::move(chosen);
}

PostgresResult PostgresSession::execute(const std::string& sql,
                                        const std::vector<const char*>& values) {
  if (connection_ == nullptr) throw lost("");
  const int count = static_cast<int>(values.size());
  const auto [known, is_new] = names_.try_emplace(sql);
  auto& name = known->second;
  if (!is_new && name.empty()) prepare(sql, name);
  must_send(is_new ? libpq_.PQsendQueryParams(connection_, sql.c_str(), count, nullptr,
                                              values.data(), nullptr, nullptr, 0)
                   : libpq_.PQsendQueryPrepared(connection_, name.c_str(), count, values.data(),
                                                nullptr, nullptr, 0));
  return receive(kPatience);
}

bool PostgresSession::in_transaction() const {
  if (connection_ == nullptr) return false;
  const auto status = libpq_.PQtransactionStatus(connection_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresSession::is_lost() const {
  return connection_ == nullptr || libpq_.PQstatus(connection_) != CONNECTION_OK;
}

std::string PostgresSession::literal(const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      libpq_.PQescapeLiteral(connection_, text.c_str(), text.size()), libpq_.PQfreemem);
  if (!quoted) throw Failure(Why::check, "", "text that is no UTF-8");
  return quoted.get();
}

}  // namespace cluster::db
