#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "ssh/dial.h"
#include "ssh/job.h"
#include "ssh/libssh.h"
#include "ssh/remote_end.h"

namespace cluster::ssh {

/// The work on one host through libssh: it connects, checks the host's key, logs in, and runs the
/// command. libssh does not block: each step calls its one function again until the function no
/// longer wants to wait.
class Session : public Job {
 public:
  /// `known` are the keys under which the host may show itself.
  Session(Run& run, std::size_t target, Route route, Past past, std::vector<KnownKey> known);
  ~Session() override;

  std::size_t descriptors() const override { return 4; }  // its socket twice, an agent's twice
  void start() override;
  void ready() override { advance(); }
  void late() override;
  void interrupt() override;

 private:
  /// The things that a session waits for, in the order of time.
  enum class Step {
    dial,     ///< a TCP connection
    listen,   ///< the server's first words, when it has closed a connection before
    greet,    ///< versions and key exchange; then the host's key is checked
    service,  ///< the server's word that we may log in, and which signatures it takes
    files,    ///< login with a key file
    agent,    ///< login with the agent
    none,     ///< login without a key, where no key was taken
    channel,  ///< a channel for the command
    exec,     ///< the command's start
    command,  ///< its output and end
    ending,   ///< its end, which we want, over a second channel
    stop,     ///< its end when there is no such channel: it was sent TERM
    over,
  };

  // Each function does its step and returns the next one, or the same when it has to wait.
  void advance();
  Step next();
  Step listen();
  Step greet();
  Step check_host_key();
  void note_shown_key();
  Step ask_service();
  Step offer_files();
  Step offer_agent();
  Step offer_nothing();
  Step open_channel();
  Step request_exec();
  Step follow();
  Step start_ending(End how);
  Step end_there();
  void send_input();

  // These functions end the job.
  Step fail(End how, std::string reason);
  Step refuse_login();
  Step turned_away(Refusal refusal, std::string reason);
  bool is_foretold();
  Step break_off(const std::string& during);
  Step conclude_command();

  void connected(FileDescriptor socket, const std::string& reason);
  void wait_for_socket();
  bool has_agent() const { return !route().agent_socket.empty(); }
  bool wants_agent() const;
  bool takes_another_key();
  std::string libssh_error() const;

  // libssh calls this from C with news of the channel, so it may not throw; the Sink of a run does
  // not.
  void receive(std::string_view bytes, bool is_err) noexcept;

  const LibSsh& libssh_;
  const std::vector<KnownKey> known_;
  Step step_ = Step::dial;
  std::optional<Dial> dial_;
  // The loop watches this socket. libssh gets a duplicate and closes that when it likes.
  FileDescriptor socket_;
  FileDescriptor agent_socket_;
  bool has_asked_agent_ = false;
  bool is_half_in_ = false;          // a key was taken, and the server wants more
  std::string greeting_;             // the first words of the server in place of its version
  std::size_t next_file_ = 0;        // the index into route().identity_files
  std::vector<std::string> tried_;   // keys that the host did not take
  std::vector<std::string> unused_;  // key files that could not be tried, and why

  ssh_channel_callbacks_struct callbacks_{};  // libssh keeps a pointer to it
  std::optional<RemoteEnd> remote_end_;       // libssh keeps a pointer into it, too
  OwnedSession session_;
  OwnedEvent event_;
  ssh_channel channel_ = nullptr;  // owned by session_

  std::string_view unsent_;    // the rest of the input
  bool has_followed_ = false;  // the command, once
  bool has_sent_eof_ = false;
  bool is_interrupted_ = false;  // while the command starts
  End ended_as_ = End::timed_out;
  Ending ending_ = Ending::asking;
  Clock::time_point command_deadline_;
  Clock::time_point last_output_;
  std::optional<int> status_;
  std::string signal_;
  bool has_closed_ = false;
};

}  // namespace cluster::ssh
