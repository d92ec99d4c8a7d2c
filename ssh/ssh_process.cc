#include "ssh/ssh_process.h"

#include <sys/epoll.h>
#include <sys/mman.h>

#include <array>
#include <csignal>
#include <functional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "ssh/openssh.h"
#include "ssh/public_key.h"
#include "ssh/remote_end.h"

namespace cluster::ssh {
namespace {

constexpr auto kKillGrace = std::chrono::seconds(2);  // from SIGTERM to SIGKILL
constexpr const char* kNotSeen = "; ssh was stopped, but it may still be running there";
constexpr std::size_t kMostEarlyErr = 65536;
constexpr std::size_t kMostKeyLine = 16384;

// Reads once; returns what read(2) returns.
ssize_t read_some(int fd, const std::function<void(std::string_view)>& take) {
  std::array<char, 65536> buffer{};
  const auto count = read(fd, buffer.data(), buffer.size());
  if (count > 0) take({buffer.data(), static_cast<std::size_t>(count)});
  return count;
}

std::string last_line(std::string_view text) {
  text = trim(text);
  const auto at = text.rfind('\n');
  return std::string(trim(at == std::string_view::npos ? text : text.substr(at)));
}

}  // namespace

SshProcess::SshProcess(Run& run, std::size_t target, Route route, Past past, const Operator& me)
    : Job(run, target, std::move(route), std::move(past)), me_(me) {}

SshProcess::~SshProcess() {
  run().loop.silence(*this);
  let_ender_go();
  if (!process_) return;
  for (const int fd : {log_pipe_->read.get(), process_->out(), process_->err(), process_->exit()}) {
    run().loop.forget(fd);
  }
}

std::vector<std::string> SshProcess::arguments() const {
  // The log of ssh goes into a pipe of ours, so that the host's own stderr stays as it is. The
  // debug lines say when the command starts and when its exit status has come.
  const auto log = descriptor_path(log_pipe_->write);
  const auto left = std::chrono::ceil<std::chrono::seconds>(connect_deadline() - Clock::now());
  const auto& files = run().known_hosts(route().known_hosts_files);
  auto words =
      openssh_words(asked(), me_, left,
                    asked().shows_key ? key_learning_options(descriptor_path(learned_), known())
                                      : host_key_options(asked(), route(), files));
  // Of a command that a master connection runs, the status is told one level deeper.
  words.insert(words.end(),
               {"-E", log, "-o", route().is_shared ? "LogLevel=DEBUG2" : "LogLevel=DEBUG1"});
  words.insert(words.end(), {"--", asked().name, run().command_of(target())});
  if (!control_.empty()) {  // before what says otherwise: the first value counts
    words.insert(words.begin() + 1,
                 {"-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-S", control_});
  }
  return words;
}

void SshProcess::start() {
  if (!route().loop.empty()) {
    end(End::unreachable, quote(route().name) + " is not asked: " + route().loop);
    return;
  }
  if (!run().lessons.empty() && is_foretold()) return;
  if (route().proxy.empty() || route().door_address.empty() ||
      !run().lessons.penalties.has_to_knock(door_place(route()), tries())) {
    return start_ssh();
  }
  // The way through the jump host was closed without a word that we heard.
  knock_.emplace(run().loop, run().resolver, route().door_address, route().door_port,
                 [this](std::string_view first_bytes) { hear_door(first_bytes); });
  knock_->start();
}

void SshProcess::hear_door(std::string_view first_bytes) {
  if (has_ended()) return;
  if (refusal_of_greeting(first_bytes) != Refusal::penalty) return start_ssh();
  end_by_penalty(door_place(route()));
}

void SshProcess::start_ssh() {
  if (!route().is_shared) control_ = run().controls.socket(target());
  try {
    log_pipe_.emplace();
    if (asked().shows_key) learned_ = FileDescriptor(memfd_create("key", MFD_CLOEXEC));
    process_.emplace(run().warden(), arguments(), asked().input.text());
  } catch (const Error& error) {
    end(End::unreachable, error.what());
    return;
  }
  for (const int fd : {log_pipe_->read.get(), process_->out(), process_->err(), process_->exit()}) {
    run().loop.watch(fd, EPOLLIN, *this);
  }
  run().loop.alarm(*this, connect_deadline());
}

void SshProcess::ready() {
  if (has_ended()) return;
  hear_ender();
  const auto wait_status = process_->reap();  // first: what it wrote is then all in the pipes
  if (wait_status) {
    wait_status_ = wait_status;
    run().loop.forget(process_->exit());
  }
  read_all_there_is();
  if (wait_status_ && !ender_) conclude(*wait_status_);
}

void SshProcess::read_all_there_is() {
  const auto log = [this](std::string_view bytes) { log_.take(bytes); };
  const auto out = [this](std::string_view bytes) { run().sink.out(target(), bytes); };
  const auto err = [this](std::string_view bytes) { take_err(bytes); };
  while (read_some(log_pipe_->read.get(), log) > 0) {
  }
  note_who_came_in();
  if (log_.has_begun_login() && !stopped_ && !std::exchange(logs_in_, true)) begin_login();
  if (log_.has_started()) command_has_started();
  for (const auto& [fd, take] :
       {std::pair<int, std::function<void(std::string_view)>>{process_->out(), out},
        {process_->err(), err}}) {
    ssize_t count = 0;
    while ((count = read_some(fd, take)) > 0) {
    }
    if (count == 0) run().loop.forget(fd);
  }
}

// The jump host has let us in as soon as the host behind it speaks.
void SshProcess::note_who_came_in() {
  auto& penalties = run().lessons.penalties;
  const bool is_past_door = log_.has_sent_key_exchange() || log_.is_penalty();
  if (is_past_door && !route().proxy.empty() && !std::exchange(is_past_door_, true)) {
    penalties.let_in(door_place(route()));
    past_door();
  }
  if (log_.is_in() && !std::exchange(has_come_in_, true)) penalties.let_in(source(route()));
}

void SshProcess::take_err(std::string_view bytes) {
  if (has_started_) {
    run().sink.err(target(), bytes);
  } else if (early_err_.size() < kMostEarlyErr) {
    early_err_ += bytes;
  }
}

void SshProcess::command_has_started() {
  if (std::exchange(has_started_, true)) return;
  is_in();
  if (!stopped_) run().loop.alarm(*this, command_deadline());
  if (!early_err_.empty()) run().sink.err(target(), early_err_);
}

// Ends the job with the key that `ssh` has learned, if it has.
bool SshProcess::has_shown_key() {
  std::string text(kMostKeyLine, '\0');
  const auto size = pread(learned_.get(), text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  const auto words = split(std::string_view(text).substr(0, text.find('\n')), ' ');
  if (words.size() < 3) return false;
  const HostKey shown{std::string(words[1]), std::string(words[2]), fingerprint_of(words[2])};
  end_with_key(shown, known());
  return true;
}

void SshProcess::conclude(int wait_status) {
  if (asked().shows_key && has_shown_key()) return;
  if (stopped_) return end(*stopped_, stop_reason_);
  const int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : kOpensshFailed;
  if (!has_started_ && status != 0) return conclude_without_command(status);
  if (log_.has_status() || (status != kOpensshFailed && !log_.has_signal()))
    return end_with_status(status);
  if (log_.has_signal()) return end(End::signaled, "the command was killed there by a signal");
  end(End::lost, "the connection to " + place(route()) +
                     " broke while the command was running; it may still be running" +
                     (log_.said().empty() ? "" : " (ssh: " + quote(log_.said().back()) + ")"));
}

void SshProcess::conclude_without_command(int status) {
  if (status == ChildProcess::kNoProgram && log_.said().empty()) {
    return end(End::unreachable, quote(route().name) + " needs `ssh` for its " +
                                     route().needs_openssh +
                                     ", but it cannot be started (Debian package openssh-client)");
  }
  const auto why = failure_in(log_);
  const auto how = why.end;
  std::string rest;
  // Who has spoken with the host itself is past what led there, and has its banner at most.
  const bool is_past = how != End::unreachable;
  if (!is_past && !early_err_.empty()) {
    const auto line = last_line(early_err_);
    rest += ", after " + quote(line) + (route().proxy.empty() ? "" : what_helps_on_way(line));
  }
  if (how == End::no_login && route().needs_openssh.starts_with("PKCS11Provider")) {
    rest += "; nobody is asked for the PIN of a token (ssh-add -s PROVIDER)";
  }
  const auto reason = words_of({why, rest});
  auto& lessons = run().lessons;
  const auto refusal =
      status == kOpensshFailed
          ? refusal_of_ssh(log_.said(), early_err_, log_.has_sent_key_exchange(),
                           log_.has_begun_login(), route().proxy.starts_with("ProxyJump "))
          : Refusal::final;
  if (log_.is_penalty()) return end_by_penalty(source(route()));
  if (refusal == Refusal::penalty) return end_by_penalty(door_place(route()));
  if (refusal == Refusal::momentary) return end_turned_away(refusal, reason);
  if (!is_past && !route().proxy.empty() && is_refusal_on_way(early_err_)) {
    lessons.fail_on_way(route(), {why, rest});
  } else if (is_past && !asked().shows_key) {
    lessons.fail_at_host(route(), known(), {why, rest});
  }
  end(how, reason);
}

std::string SshProcess::words_of(const Lessons::Failure& failure) const {
  return without_success() + failure.reason(asked());
}

std::vector<KnownKey> SshProcess::known() const {
  return known_keys(asked(), route(), run().known_hosts(route().known_hosts_files));
}

std::string SshProcess::without_success() const {
  return "ssh to " + quote(route().name) + " (because of " + route().needs_openssh + ") failed";
}

// The sshd at the host or at its door said "Not allowed at this time".
void SshProcess::end_by_penalty(const std::string& sshd) {
  const auto refusal = run().lessons.penalties.judge(sshd, tries());
  end_turned_away(refusal, words_of_penalty(sshd));
}

std::string SshProcess::words_of_penalty(const std::string& sshd) const {
  if (sshd == source(route())) return penalty_words(place(route()), !route().proxy.empty());
  return without_success() + ": " + penalty_words(sshd);
}

// Ends the job without a connection when an earlier one has shown what would come of it.
bool SshProcess::is_foretold() {
  const auto& lessons = run().lessons;
  for (const auto& sshd : {source(route()), door_place(route())}) {
    if (!lessons.penalties.turn_away(sshd)) continue;
    end(End::unreachable, words_of_penalty(sshd));
    return true;
  }
  const auto* failure = lessons.has_failures() ? lessons.foretold(route(), known()) : nullptr;
  if (failure == nullptr) return false;
  end(failure->why.end, words_of(*failure));
  return true;
}

void SshProcess::late() {
  if (stopped_) {
    if (ender_) {
      let_ender_go();
      stop_reason_ += kNotSeen;
      stop_ssh();
    } else {
      process_->signal(SIGKILL);
    }
  } else if (has_started_) {
    stop(End::timed_out, "the command did not end within " +
                             std::to_string(run().limits.command_timeout.count()) + " s");
  } else {
    stop(End::unreachable,
         words_when_late("ssh to " + quote(route().name) + " (because of " + route().needs_openssh +
                         ") did not start the command " + connect_bound()));
  }
}

void SshProcess::interrupt() {
  if (stopped_) return;
  if (!process_) return end(End::interrupted, "interrupted before the command had started");
  stop(End::interrupted,
       has_started_ ? "interrupted" : "interrupted before the command had started");
}

void SshProcess::stop(End how, std::string reason) {
  stopped_ = how;
  stop_reason_ = std::move(reason);
  if (has_started_ && start_ender()) return;
  if (has_started_) stop_reason_ += kNotSeen;
  stop_ssh();
}

void SshProcess::stop_ssh() {
  if (wait_status_) return conclude(*wait_status_);
  process_->signal(SIGTERM);
  run().loop.alarm(*this, Clock::now() + kKillGrace);
}

// A second ssh uses the connection of the first one, or none at all.
bool SshProcess::start_ender() {
  if (control_.empty()) return false;
  try {
    ender_.emplace(run().warden(),
                   std::vector<std::string>{"ssh", "-F", "none", "-T", "-S", control_, "-o",
                                            "ControlMaster=no", "-o", "ProxyCommand=false", "-o",
                                            "BatchMode=yes", "--", "host", kEndingCommand});
  } catch (const Error&) {
    return false;
  }
  for (const int fd : {ender_->out(), ender_->exit()}) run().loop.watch(fd, EPOLLIN, *this);
  run().loop.alarm(*this, Clock::now() + kEndingBound);
  return true;
}

void SshProcess::hear_ender() {
  if (!ender_) return;
  const bool has_exited = ender_->reap().has_value();
  while (read_some(ender_->out(), [this](std::string_view bytes) {
           if (ender_said_.size() < kMostEarlyErr) ender_said_ += bytes;
         }) > 0) {
  }
  if (!has_exited) return;
  let_ender_go();
  const auto ending = read_ending(ender_said_);
  stop_reason_ += ending == Ending::unknown ? kNotSeen : "; " + fate(ending, true);
  if (ending != Ending::gone || wait_status_) return stop_ssh();
  run().loop.alarm(*this, Clock::now() + kKillGrace);  // ssh ends by itself, with the last output
}

void SshProcess::let_ender_go() {
  if (!ender_) return;
  for (const int fd : {ender_->out(), ender_->exit()}) run().loop.forget(fd);
  ender_.reset();
}

}  // namespace cluster::ssh
