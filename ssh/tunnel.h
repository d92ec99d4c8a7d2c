#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "core/file.h"
#include "ssh/operator.h"
#include "ssh/transport.h"

namespace cluster::ssh {

/// A program on a host; its standard input and output are a UNIX socket of this machine. It is for
/// a library that needs a socket to connect to. It goes through a process of OpenSSH, so the
/// operator's whole configuration for the host counts, also jump hosts. Host keys are strict, and
/// no question is asked. The socket is in a folder that only this user may enter. It takes one
/// connection, and is removed with that connection.
class Tunnel {
 public:
  /// Starts to listen; `ssh` starts when somebody connects. `limits.connect_timeout` bounds the
  /// time to connect. `limits.command_timeout` bounds the whole time from now on, even if something
  /// hangs. 0 means no bound. Throws Error(io) when the kernel gives no folder, socket or process.
  Tunnel(Target target, std::string command, const Limits& limits, const Operator& me);
  /// Ends everything that still runs.
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  const std::string& socket() const { return socket_; }

  /// Returns the way it ended, once the connection is closed or broken. That is timed_out,
  /// unreachable, host_key or no_login, or it is exited with the status of the program and, unless
  /// the status is 0, with a reason. A program that does not end by itself within a moment is
  /// ended, and counts as exited with 0.
  Reply end();

 private:
  bool wait(std::chrono::milliseconds bound);
  void stop();
  Reply reply() const;
  std::string said() const;

  Target target_;
  std::string command_;
  Limits limits_;
  std::filesystem::path folder_;
  std::string socket_;
  FileDescriptor entry_;       // the folder
  FileDescriptor complaints_;  // the standard error of ssh, a file in memory: it never blocks
  FileDescriptor pidfd_;
  pid_t pid_ = -1;  // -1: reaped
  int wait_status_ = 0;
};

}  // namespace cluster::ssh
