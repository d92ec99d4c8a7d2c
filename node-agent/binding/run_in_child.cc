#include "node-agent/binding/run_in_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "core/error.h"
#include "core/file.h"

namespace cluster::agent {
namespace {

constexpr std::size_t kMaxReason = 4096;  // a pipe takes as much without blocking

// The answer of the child: one letter, then the reason of a failure.
[[noreturn]] void answer(const std::function<void()>& act, int to) {
  // The caller of the parent may wait until some files are closed, as a session of sshd does. A
  // stuck child must not keep these files open.
  ::prctl(PR_SET_NAME, "gpupci-worker");
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
  std::string text = "o";
  try {
    act();
  } catch (const std::exception& error) {
    text = std::string("e") + error.what();
  }
  text.resize(std::min(text.size(), kMaxReason));
  ::_exit(::write(to, text.data(), text.size()) > 0 ? 0 : 1);
}

}  // namespace

bool run_in_child(const std::function<void()>& act, std::chrono::milliseconds deadline,
                  pid_t* left) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(Fault::io, "cannot make a pipe: " + errno_text(errno));
  }
  const FileDescriptor from(ends[0]);
  FileDescriptor to(ends[1]);
  const auto child = ::fork();
  if (child < 0) throw Error(Fault::io, "cannot start a child: " + errno_text(errno));
  if (child == 0) answer(act, to.get());
  to.reset();

  const auto end = std::chrono::steady_clock::now() + deadline;
  pollfd waiting{from.get(), POLLIN, 0};
  int ready = 0;
  do {
    const auto time =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    ready = time.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(time.count())) : 0;
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) {
    if (left != nullptr) *left = child;
    return false;
  }

  std::array<char, kMaxReason> text{};
  const auto size = ::read(from.get(), text.data(), text.size());
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (size <= 0) throw Error(Fault::io, "the process that acts has died");
  if (text[0] != 'o') {
    throw Error(Fault::io, std::string(text.data() + 1, static_cast<std::size_t>(size) - 1));
  }
  return true;
}

}  // namespace cluster::agent
