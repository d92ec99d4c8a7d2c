// The way in until the host's key is checked, and what is made of a refusal.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/text.h"
#include "ssh/host_key.h"
#include "ssh/session.h"

namespace cluster::ssh {
namespace {

// A server that has closed a connection is heard out before we say a word. One that waits for our
// version first is waited for so long.
constexpr auto kListen = std::chrono::seconds(1);

constexpr const char* kNoFile = "/dev/null/none";  // not even opened and read

std::string first_line(std::string_view text) {
  return std::string(trim(text.substr(0, text.find('\n'))));
}

}  // namespace

void Session::connected(FileDescriptor socket, const std::string& reason) {
  if (!socket) {
    step_ = fail(End::unreachable, reason);
    return;
  }
  socket_ = std::move(socket);
  session_.reset(libssh_.ssh_new());
  const int fd = fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0);
  if (session_ == nullptr || fd < 0) {
    step_ = fail(End::unreachable, "no memory or descriptor left for " + place(route()));
    return;
  }
  const auto set = [this](ssh_options_e option, const void* value) {
    libssh_.ssh_options_set(session_.get(), option, value);
  };
  // libssh may not choose a configuration, known_hosts or an agent by itself: that is decided here.
  const bool process_config = false;
  set(SSH_OPTIONS_PROCESS_CONFIG, &process_config);
  set(SSH_OPTIONS_SSH_DIR, "/dev/null");
  set(SSH_OPTIONS_KNOWNHOSTS, kNoFile);
  set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, kNoFile);
  set(SSH_OPTIONS_IDENTITY_AGENT, "/dev/null");
  set(SSH_OPTIONS_HOST, route().address.c_str());
  set(SSH_OPTIONS_USER, route().user.c_str());
  set(SSH_OPTIONS_KEY_EXCHANGE, kKeyExchanges);
  set(SSH_OPTIONS_CIPHERS_C_S, kCiphers);
  set(SSH_OPTIONS_CIPHERS_S_C, kCiphers);
  set(SSH_OPTIONS_HOSTKEYS, host_key_algorithms(known_).c_str());
  set(SSH_OPTIONS_FD, &fd);
  libssh_.ssh_set_blocking(session_.get(), 0);
  step_ = tries() == 1 ? Step::greet : Step::listen;
  if (step_ == Step::listen) {
    run().loop.alarm(*this, std::min(connect_deadline(), Clock::now() + kListen));
  }
  advance();
}

// libssh would answer at once, which makes the kernel throw away the last words of a server that
// hangs up; and it skips what is no version.
Session::Step Session::listen() {
  std::array<char, 256> bytes{};
  const auto count = recv(socket_.get(), bytes.data(), bytes.size(), MSG_PEEK);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Step::listen;
  if (count <= 0) {
    return turned_away(Refusal::momentary, place(route()) + " closes connections at once");
  }
  const std::string_view first(bytes.data(), static_cast<std::size_t>(count));
  const auto refusal = refusal_of_greeting(first);
  if (refusal != Refusal::final) {
    return turned_away(refusal, place(route()) + " said " + quote(first_line(first)));
  }
  if (!first.starts_with("SSH-")) greeting_ = first_line(first);
  run().loop.alarm(*this, connect_deadline());
  return Step::greet;
}

Session::Step Session::greet() {
  const int code = libssh_.ssh_connect(session_.get());
  if (code == SSH_AGAIN) return Step::greet;
  if (code != SSH_OK) return break_off("the SSH handshake with");
  // libssh has made the socket blocking; a host that stops reading would then stop us.
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  return check_host_key();
}

Session::Step Session::check_host_key() {
  const auto shown = shown_key(libssh_, session_.get());
  if (!shown) return break_off("reading the host key of");
  if (run().targets[target()].shows_key) {
    end_with_key(*shown, known_);
    return Step::over;
  }
  const auto reason = distrust(route(), *shown, known_);
  if (reason.empty()) {
    begin_login();
    return Step::service;
  }
  note_shown_key();
  return fail(End::host_key, reason);
}

// Whoever asks the same server for the same algorithms is shown the same key.
void Session::note_shown_key() {
  const auto shown = shown_key(libssh_, session_.get());
  if (shown) run().lessons.shown.emplace(place(route()) + host_key_algorithms(known_), *shown);
}

Session::Step Session::break_off(const std::string& during) {
  const std::string reason = during + " " + place(route()) + " failed: " + libssh_error();
  if (!greeting_.empty()) return fail(End::unreachable, reason + "; it says " + quote(greeting_));
  const std::string_view error = libssh_.ssh_get_error(session_.get());
  if (step_ == Step::greet && error.find("no match for method") != std::string_view::npos) {
    end_for_openssh("algorithms that libssh has not");
    return Step::over;
  }
  // libssh says so of a connection that was closed or reset without a word.
  const bool before_login = step_ == Step::greet || step_ == Step::service;
  if (before_login && error.find("Socket error") != std::string_view::npos) {
    return turned_away(Refusal::momentary, reason);
  }
  return fail(End::unreachable, reason);
}

Session::Step Session::turned_away(Refusal refusal, std::string reason) {
  if (refusal == Refusal::penalty) {
    reason = penalty_words(place(route()));
    refusal = run().lessons.penalties.judge(source(route()), tries());
  }
  end_turned_away(refusal, std::move(reason));
  return Step::over;
}

// Ends the job without a connection when an earlier one has shown what would come of it.
bool Session::is_foretold() {
  const auto& lessons = run().lessons;
  const auto where = place(route());
  if (lessons.penalties.turn_away(source(route()))) {
    end_turned_away(Refusal::penalty, penalty_words(where));
    step_ = Step::over;
    return true;
  }
  const auto shown = lessons.shown.find(where + host_key_algorithms(known_));
  if (shown == lessons.shown.end()) return false;
  if (const auto reason = distrust(route(), shown->second, known_); !reason.empty()) {
    step_ = fail(End::host_key, reason);
    return true;
  }
  const auto refused = lessons.refused.find(login_of(route()));
  if (refused == lessons.refused.end() || run().targets[target()].shows_key) return false;
  step_ = fail(End::no_login, refused->second);
  return true;
}

}  // namespace cluster::ssh
