#include "node-agent/kernel/timed_read.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "node-agent/kernel/close_files.h"

namespace cluster::agent {
namespace {

// An attribute has at most 4096 bytes, a command line of QEMU has more.
constexpr std::size_t kMost = 32768;

bool write_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto written = ::write(to, bytes, size);
    if (written < 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

// Writes for each file its size and its bytes; the size is negative when it cannot be read. This
// runs in the child, after fork, so it makes only system calls.
[[noreturn]] void copy(const std::vector<std::filesystem::path>& files, int to) {
  // The child may never end. Others wait until stdout or the socket of a DeviceWorker is closed, so
  // the child must not keep them open.
  close_files_but(to);
  std::array<char, kMost> text{};
  for (const auto& file : files) {
    const int from = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = from < 0 ? -1 : ::read(from, text.data(), text.size());
    if (from >= 0) ::close(from);
    std::array<char, sizeof(size)> head{};
    std::memcpy(head.data(), &size, sizeof(size));
    const auto bytes = size < 0 ? 0 : static_cast<std::size_t>(size);
    if (!write_all(to, head.data(), head.size()) || !write_all(to, text.data(), bytes)) break;
  }
  ::_exit(0);
}

// What the child wrote before `end`, and whether it wrote all.
std::pair<std::string, bool> written(int answer, std::chrono::steady_clock::time_point end) {
  std::string all;
  std::array<char, kMost> part{};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{answer, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return {std::move(all), false};
    const auto size = ::read(answer, part.data(), part.size());
    if (size <= 0) return {std::move(all), true};
    all.append(part.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

std::vector<std::optional<std::string>> timed_read(const std::vector<std::filesystem::path>& files,
                                                   std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(Fault::io, "cannot make a pipe: " + errno_text(errno));
  }
  const FileDescriptor answer(ends[0]);
  FileDescriptor question(ends[1]);
  const auto child = ::fork();
  if (child < 0) throw Error(Fault::io, "cannot start a child: " + errno_text(errno));
  if (child == 0) copy(files, question.get());
  question.reset();

  const auto [all, whole] = written(answer.get(), std::chrono::steady_clock::now() + patience);
  if (whole) {
    ::waitpid(child, nullptr, 0);
  } else {
    ::kill(child, SIGKILL);  // obeyed when the kernel lets it go; nobody waits for that
  }
  std::vector<std::optional<std::string>> texts(files.size());
  std::size_t at = 0;
  for (auto& text : texts) {
    ssize_t size = 0;
    if (all.size() - at < sizeof(size)) break;
    std::memcpy(&size, all.data() + at, sizeof(size));
    at += sizeof(size);
    if (size < 0) continue;
    if (all.size() - at < static_cast<std::size_t>(size)) break;
    text = all.substr(at, static_cast<std::size_t>(size));
    at += static_cast<std::size_t>(size);
  }
  return texts;
}

std::optional<std::string> timed_read(const std::filesystem::path& file,
                                      std::chrono::milliseconds patience) {
  return timed_read(std::vector{file}, patience).front();
}

}  // namespace cluster::agent
