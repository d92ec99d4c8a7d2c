#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/file.h"
#include "ssh/allowance.h"
#include "ssh/doorway.h"
#include "ssh/lessons.h"
#include "ssh/openssh.h"
#include "ssh/operator.h"
#include "ssh/refusal.h"
#include "ssh/route.h"
#include "ssh/ssh_log.h"
#include "ssh/transport.h"

namespace cluster::ssh {

/// A program on a host; its standard input and output are a UNIX socket of this machine. It is for
/// a library that needs a socket to connect to. It goes through a process of OpenSSH, so the
/// operator's whole configuration for the host counts, also jump hosts. Host keys are strict, and
/// no question is asked. The socket is in a folder that only this user may enter. It takes one
/// connection, and is removed with that connection. Where the host turns us away for a moment,
/// `ssh` is started again, within the time to connect. Everything ends when the doorway is closed.
class Tunnel {
 public:
  /// Starts to listen; `ssh` starts when somebody connects. `limits.connect_timeout` bounds the
  /// time to connect. `limits.command_timeout` bounds the time that it may take of its owner from
  /// now on, even if something hangs; 0 means no bound. The waiting at a door does not count, and
  /// what the owner does meanwhile does not while allowance() is paused. `doorway` outlives it.
  /// Throws Error(io) when the kernel gives no folder or socket.
  Tunnel(Target target, std::string command, const Limits& limits, Operator me, Doorway& doorway);
  /// Ends everything that still runs.
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  const std::string& socket() const { return socket_; }

  /// The time that the host may take.
  Allowance& allowance() { return allowance_; }

  /// Returns the way it ended, once the connection is closed or broken. That is timed_out,
  /// interrupted, unreachable, host_key or no_login, or it is exited with the status of the program
  /// and, unless the status is 0, with a reason. A program that does not end by itself within a
  /// moment is ended, and counts as exited with 0.
  Reply end();

 private:
  using Time = std::chrono::steady_clock::time_point;

  // These run in the thread.
  void serve();
  FileDescriptor take_connection();
  void log_in(const FileDescriptor& connection);
  void give_up();
  bool is_wanted() const;
  bool is_foretold();
  Refusal judge_penalty(const std::string& sshd, int tries);
  std::string words_of_penalty(const std::string& sshd) const;
  void note_who_came_in(const SshLog& log);
  bool hears_penalty() const;
  Refusal try_once(const FileDescriptor& connection, Doorway::Place& place, int tries,
                   Time connect_deadline);
  std::vector<std::string> words(const FileDescriptor& log, Time connect_deadline) const;
  Reply failure(const SshLog& log, int status);
  void learn(const NoConnection& why, const std::string& rest);
  std::string words_of(const Lessons::Failure& failure) const;
  std::string said() const;

  void remove_socket();

  Target target_;
  std::string command_;
  Limits limits_;
  Operator me_;
  Doorway& doorway_;
  Route route_;
  std::vector<std::string> host_key_options_;
  Allowance allowance_;
  std::filesystem::path folder_;
  std::string socket_;
  FileDescriptor entry_;  // the folder
  FileDescriptor listener_;
  FileDescriptor complaints_;  // the standard error of ssh, a file in memory: it never blocks
  FileDescriptor stop_;        // readable (eventfd) once the owner wants the end
  FileDescriptor over_;        // readable once reply_ is complete
  Reply reply_;
  std::thread thread_;
};

}  // namespace cluster::ssh
