#pragma once

#include <sys/types.h>
#include <sys/wait.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "ssh/warden.h"

namespace cluster::ssh {

/// A process of ours whose output goes into pipes. It has no terminal to ask anything on. Neither
/// it nor what it has started outlives the thread that started it, or `warden`.
class ChildProcess {
 public:
  /// Starts `arguments`, the first of which is looked up in $PATH; it reads `input`. Throws
  /// Error(io) when the kernel gives no process, pipe or descriptor; a program that is not there
  /// exits with kNoProgram.
  explicit ChildProcess(const Warden& warden, const std::vector<std::string>& arguments,
                        std::string_view input = "");
  /// Starts one that reads and writes `socket`; its standard error is `err`. out() and err() are
  /// closed.
  ChildProcess(const Warden& warden, const std::vector<std::string>& arguments, int socket,
               int err);
  /// Kills the process when it has not been reaped, and all that it has started.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The exit status when the program could not be started.
  static constexpr int kNoProgram = 127;

  /// These descriptors give its output; reading them does not block.
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }
  /// A descriptor that is readable once the process has exited (pidfd_open(2)).
  int exit() const { return pidfd_.get(); }

  /// Sends `number` to the process and to all that it has started, such as the `ssh` to a jump
  /// host. Any of these that is still there when the process has ended is killed.
  void signal(int number);

  /// Returns its wait status (waitpid(2)) once it has exited, and only once. Returns nothing while
  /// it runs.
  std::optional<int> reap() { return wait_for(WNOHANG); }

 private:
  void start(const std::vector<std::string>& arguments, int in, int out, int err);
  std::optional<int> wait_for(int options);

  const Warden& warden_;
  pid_t pid_ = -1;  // -1: reaped
  FileDescriptor pidfd_;
  FileDescriptor out_;
  FileDescriptor err_;
};

/// A name under which a process of ours can open what is open here.
std::string descriptor_path(const FileDescriptor& file);

/// A pipe whose read end does not block; both are closed on exec. Throws Error(io).
struct Pipe {
  Pipe();
  FileDescriptor read;
  FileDescriptor write;
};

}  // namespace cluster::ssh
