#include "ssh/warden.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <string>

#include "core/error.h"
#include "core/file.h"

namespace cluster::ssh {
namespace {

constexpr std::size_t kMostGuarded = 65536;
constexpr unsigned kGraceMicroseconds = 100'000;  // from SIGTERM to SIGKILL

void signal_all(std::span<const pid_t> leaders, int number) {
  for (const auto leader : leaders) {
    // Until it leads its group it has started nothing.
    if (kill(-leader, number) != 0) kill(leader, number);
  }
}

// Is the whole small process. It calls only functions that are allowed after the fork of a process
// with several threads.
[[noreturn]] void keep_watch(int news) {
  static std::array<pid_t, kMostGuarded> guarded;  // it may not allocate
  setsid();  // what is sent to our group or by our terminal does not reach it
  dup2(news, STDIN_FILENO);
  close_range(1, ~0U, 0);  // others wait for the end of what we print
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  static_cast<void>(chdir("/") == 0);
  std::size_t count = 0;
  for (pid_t number = 0; read(STDIN_FILENO, &number, sizeof(number)) == sizeof(number);) {
    auto* const end = guarded.data() + count;
    if (number > 0 && count < kMostGuarded) {
      guarded[count++] = number;
    } else if (auto* const at = std::find(guarded.data(), end, -number); at != end) {
      *at = guarded[--count];
    }
  }
  const std::span left(guarded.data(), count);
  signal_all(left, SIGTERM);
  if (!left.empty()) usleep(kGraceMicroseconds);
  signal_all(left, SIGKILL);
  _exit(0);
}

}  // namespace

Warden::Warden() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0) {
    const FileDescriptor far_end(ends[0]);
    near_end_ = FileDescriptor(ends[1]);
    pid_ = fork();
    if (pid_ == 0) keep_watch(far_end.get());
  }
  if (pid_ < 0) throw Error(Fault::io, "cannot start a process: " + errno_text(errno));
}

Warden::~Warden() {
  near_end_.reset();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Warden::tell(pid_t number) const {
  while (send(near_end_.get(), &number, sizeof(number), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

}  // namespace cluster::ssh
