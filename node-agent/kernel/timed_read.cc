#include "node-agent/kernel/timed_read.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "core/error.h"
#include "core/file.h"
#include "node-agent/kernel/close_files.h"

namespace cluster::agent {
namespace {

// An attribute has at most 4096 bytes, a command line of QEMU has more. A pipe holds as much.
constexpr std::size_t kMost = 32768;

// This runs in the child, after fork, so it makes only system calls.
[[noreturn]] void copy(const char* file, int to) {
  // The child may never end. Others wait until stdout or the socket of a DeviceWorker is closed, so
  // the child must not keep them open.
  close_files_but(to);
  std::array<char, kMost> text{};
  const int from = ::open(file, O_RDONLY | O_CLOEXEC);
  const auto size = from < 0 ? -1 : ::read(from, text.data(), text.size());
  const bool done = size >= 0 && ::write(to, text.data(), static_cast<std::size_t>(size)) == size;
  ::_exit(done ? 0 : 1);
}

}  // namespace

std::optional<std::string> timed_read(const std::filesystem::path& file,
                                      std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(Fault::io, "cannot make a pipe: " + errno_text(errno));
  }
  const FileDescriptor answer(ends[0]);
  FileDescriptor question(ends[1]);
  const auto child = ::fork();
  if (child < 0) throw Error(Fault::io, "cannot start a child: " + errno_text(errno));
  if (child == 0) copy(file.c_str(), question.get());
  question.reset();

  pollfd waiting{answer.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) {
    ::kill(child, SIGKILL);  // obeyed when the kernel lets it go; nobody waits for that
    return std::nullopt;
  }
  std::string text(kMost, '\0');
  const auto size = ::read(answer.get(), text.data(), text.size());
  int status = 0;
  ::waitpid(child, &status, 0);
  if (size < 0 || status != 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace cluster::agent
