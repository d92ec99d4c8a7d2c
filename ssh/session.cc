#include "ssh/session.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace cluster::ssh {
namespace {

// Output may pause this long after the exit status; then the channel counts as done. A child in the
// background that has kept stdout would hold it open for ever.
constexpr auto kGrace = std::chrono::seconds(1);

// A command gets this long to end after TERM.
constexpr auto kTermGrace = std::chrono::seconds(1);

// One host is read this often, 4 KiB each time, before the other hosts have their turn.
constexpr int kReadsInARow = 16;

// libssh gets this many bytes at once: every server takes them in one packet (RFC 4253, 6.1).
constexpr std::size_t kMaxPiece = 32768;

}  // namespace

Session::Session(Run& run, std::size_t target, Route route, Past past, std::vector<KnownKey> known)
    : Job(run, target, std::move(route), std::move(past)),
      libssh_(run.libssh),
      known_(std::move(known)),
      session_(nullptr, libssh_.ssh_free),
      event_(nullptr, libssh_.ssh_event_free) {
  callbacks_.size = sizeof(callbacks_);
  callbacks_.userdata = this;
  callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t size,
                                        int is_stderr, void* self) {
    static_cast<Session*>(self)->receive({static_cast<const char*>(data), size}, is_stderr != 0);
    return static_cast<int>(size);
  };
  callbacks_.channel_exit_status_function = [](ssh_session, ssh_channel, int status, void* self) {
    static_cast<Session*>(self)->status_ = status;
    static_cast<Session*>(self)->last_output_ = Clock::now();
  };
  callbacks_.channel_exit_signal_function = [](ssh_session, ssh_channel, const char* signal, int,
                                               const char*, const char*, void* self) {
    static_cast<Session*>(self)->signal_ = signal;
  };
  callbacks_.channel_close_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<Session*>(self)->has_closed_ = true;
  };
}

Session::~Session() {
  run().loop.silence(*this);
  if (socket_) run().loop.forget(socket_.get());
  if (event_) libssh_.ssh_event_remove_session(event_.get(), session_.get());
  // ssh_disconnect is not called: after it ssh_free would not close libssh's duplicate of the
  // socket.
}

void Session::start() {
  if (!run().lessons.empty() && is_foretold()) return;
  run().loop.alarm(*this, connect_deadline());
  dial_.emplace(run().loop, run().resolver, route(), connect_deadline(),
                [this](FileDescriptor socket, const std::string& reason) {
                  connected(std::move(socket), reason);
                });
  dial_->start();
}

void Session::advance() {
  if (step_ == Step::dial || step_ == Step::over) return;
  for (Step before = Step::over; step_ != before;) {
    before = step_;
    step_ = next();
  }
  // libssh 0.10 goes on saying "again" of a login whose server is gone.
  const bool offers = step_ == Step::files || step_ == Step::agent || step_ == Step::none;
  const bool logs_in = offers || step_ == Step::service || step_ == Step::channel;
  if (logs_in && libssh_.ssh_is_connected(session_.get()) == 0)
    step_ = offers ? refuse_login() : break_off("the login to");
  if (step_ != Step::over) wait_for_socket();
}

Session::Step Session::next() {
  switch (step_) {
    case Step::listen:
      return listen();
    case Step::greet:
      return greet();
    case Step::service:
      return ask_service();
    case Step::files:
      return offer_files();
    case Step::agent:
      return offer_agent();
    case Step::none:
      return offer_nothing();
    case Step::channel:
      return open_channel();
    case Step::exec:
      return request_exec();
    case Step::command:
    case Step::stop:
      return follow();
    case Step::ending:
      return end_there();
    default:
      return step_;
  }
}

void Session::wait_for_socket() {
  // sshd leaves Nagle's algorithm on: a packet that comes right after another waits for our delayed
  // ACK (40 ms) unless that is hurried. The kernel forgets the wish, so it is repeated.
  if (step_ != Step::listen && step_ != Step::greet && (step_ != Step::command || status_)) {
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
  }
  const bool has_output = (libssh_.ssh_get_poll_flags(session_.get()) & SSH_WRITE_PENDING) != 0;
  const bool wants_eof = step_ == Step::command && !has_sent_eof_ && unsent_.empty();
  run().loop.watch(socket_.get(), has_output || wants_eof ? EPOLLIN | EPOLLOUT : EPOLLIN, *this);
}

Session::Step Session::open_channel() {
  if (channel_ == nullptr) {
    is_in();
    run().lessons.penalties.let_in(source(route()));
    channel_ = libssh_.ssh_channel_new(session_.get());
    if (channel_ == nullptr) return break_off("opening a channel to");
    libssh_.ssh_set_channel_callbacks(channel_, &callbacks_);
  }
  const int code = libssh_.ssh_channel_open_session(channel_);
  if (code == SSH_AGAIN) return Step::channel;
  return code == SSH_OK ? Step::exec : break_off("opening a channel to");
}

Session::Step Session::request_exec() {
  const int code = libssh_.ssh_channel_request_exec(channel_, run().command_of(target()).c_str());
  if (code == SSH_AGAIN) return Step::exec;
  if (code != SSH_OK && libssh_.ssh_is_connected(session_.get()) == 0) {
    return fail(End::lost, "the connection to " + place(route()) +
                               " broke while the command was starting; it may have run");
  }
  if (code != SSH_OK) {
    return fail(End::unreachable, place(route()) + " does not let " + quote(route().user) +
                                      " run commands: " + libssh_error());
  }
  unsent_ = run().targets[target()].input.text();
  event_.reset(libssh_.ssh_event_new());
  libssh_.ssh_event_add_session(event_.get(), session_.get());
  command_deadline_ = command_deadline();
  run().loop.alarm(*this, command_deadline_);
  return is_interrupted_ ? start_ending(End::interrupted) : Step::command;
}

// Sends as much as the host takes now. The loop waits for a host that reads slowly, not this
// function.
void Session::send_input() {
  while (!unsent_.empty()) {
    const auto room = libssh_.ssh_channel_window_size(channel_);
    const bool waits = (libssh_.ssh_get_poll_flags(session_.get()) & SSH_WRITE_PENDING) != 0;
    if (room == 0 || waits) return;
    const auto piece = unsent_.substr(0, std::min<std::size_t>(room, kMaxPiece));
    const int sent =
        libssh_.ssh_channel_write(channel_, piece.data(), static_cast<std::uint32_t>(piece.size()));
    if (sent == 0) return;
    // When a command has ended, or has closed its input, it needs no more of the input.
    unsent_.remove_prefix(sent < 0 ? unsent_.size() : static_cast<std::size_t>(sent));
  }
  if (!std::exchange(has_sent_eof_, true)) libssh_.ssh_channel_send_eof(channel_);
}

Session::Step Session::follow() {
  const bool is_ending = step_ == Step::ending;
  for (int i = 0; i < kReadsInARow && (!has_closed_ || is_ending); ++i) {
    const auto before = last_output_;
    libssh_.ssh_event_dopoll(event_.get(), 0);
    if (last_output_ == before) break;
  }
  if (has_closed_ && !is_ending) return conclude_command();
  // Many a command is over before it would hear that there is no input.
  if (!is_ending && (std::exchange(has_followed_, true) || !unsent_.empty())) send_input();
  if (libssh_.ssh_is_connected(session_.get()) == 0) {
    if (remote_end_) return conclude_command();
    return fail(End::lost,
                "the connection to " + place(route()) +
                    (status_ ? " broke after the command had ended with status " +
                                   std::to_string(*status_) + "; output may be missing"
                             : " broke while the command was running; it may still be running"));
  }
  if (step_ == Step::command && status_) {
    run().loop.alarm(*this, std::min(command_deadline_, last_output_ + kGrace));
  }
  return step_;
}

Session::Step Session::start_ending(End how) {
  ended_as_ = how;
  remote_end_.emplace(libssh_, session_.get());
  run().loop.alarm(*this, Clock::now() + kEndingBound);
  return Step::ending;
}

Session::Step Session::end_there() {
  if (follow() == Step::over) return Step::over;
  if (ending_ == Ending::asking) {
    ending_ = remote_end_->advance();
    if (ending_ == Ending::unknown) {
      libssh_.ssh_channel_request_send_signal(channel_, "TERM");
      run().loop.alarm(*this, Clock::now() + kTermGrace);
      return Step::stop;
    }
    // The rest of the output may still be under way.
    if (ending_ != Ending::asking) run().loop.alarm(*this, Clock::now() + kGrace);
  }
  return ending_ != Ending::asking && has_closed_ ? conclude_command() : Step::ending;
}

void Session::interrupt() {
  switch (step_) {
    case Step::command:
      step_ = status_ ? conclude_command() : start_ending(End::interrupted);
      return advance();
    case Step::exec:
      is_interrupted_ = true;
      return;
    case Step::ending:
    case Step::stop:
    case Step::over:
      return;
    default:
      step_ = fail(End::interrupted, "interrupted before the command had started");
  }
}

void Session::receive(std::string_view bytes, bool is_err) noexcept {
  last_output_ = Clock::now();
  auto& sink = run().sink;
  if (is_err) {
    sink.err(target(), bytes);
  } else {
    sink.out(target(), bytes);
  }
}

void Session::late() {
  switch (step_) {
    case Step::command:
      if (status_) {
        step_ = conclude_command();
      } else {
        step_ = start_ending(End::timed_out);
        advance();
      }
      return;
    case Step::ending:
    case Step::stop:
      step_ = conclude_command();
      return;
    case Step::dial:
      step_ =
          fail(End::unreachable, dial_->is_looking_up()
                                     ? "no address of " + quote(route().address) + " was found " +
                                           connect_bound() + "; does the name server answer?"
                                     : "no answer from " + place(route()) + " " + connect_bound());
      return;
    case Step::listen:
      if (Clock::now() < connect_deadline()) {
        run().loop.alarm(*this, connect_deadline());
        step_ = Step::greet;
        advance();
        return;
      }
      [[fallthrough]];
    case Step::greet:
      step_ = fail(End::unreachable,
                   words_when_late(place(route()) + " takes connections but did not speak SSH " +
                                   connect_bound() + "; is it frozen, or no sshd?"));
      return;
    case Step::exec:
      step_ = fail(End::lost, place(route()) + " did not say that the command has started " +
                                  connect_bound() + "; it may be running there");
      return;
    default:
      step_ = fail(End::unreachable, place(route()) + " did not let " + quote(route().user) +
                                         " in " + connect_bound());
  }
}

Session::Step Session::fail(End how, std::string reason) {
  end(how, std::move(reason));
  return Step::over;
}

Session::Step Session::conclude_command() {
  if (remote_end_) {
    const std::string why = ended_as_ == End::interrupted
                                ? "interrupted"
                                : "the command did not end within " +
                                      std::to_string(run().limits.command_timeout.count()) + " s";
    return fail(ended_as_, why + "; " + fate(ending_, has_closed_));
  }
  if (!signal_.empty()) {
    return fail(End::signaled, "the command was killed there by signal " + quote(signal_));
  }
  if (!status_) {
    return fail(End::lost, place(route()) +
                               " closed the connection without an exit status; the command may not "
                               "have ended well");
  }
  end_with_status(*status_ & 0xff);
  return Step::over;
}

std::string Session::libssh_error() const { return quote(libssh_.ssh_get_error(session_.get())); }

}  // namespace cluster::ssh
