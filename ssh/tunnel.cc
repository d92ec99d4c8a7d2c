#include "ssh/tunnel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "ssh/openssh.h"

namespace cluster::ssh {
namespace {

constexpr auto kSshGrace = std::chrono::seconds(2);
constexpr const char* kSocket = "socket";
constexpr int kNoProgram = 127;
constexpr std::size_t kMostSaid = 4096;

[[noreturn]] void cannot(const std::string& what) {
  throw Error(Fault::io, "cannot " + what + ": " + strerror(errno));
}

// Runs in the new process. It calls only functions that are allowed between fork and exec.
[[noreturn]] void become(char* const* words, int listener, int complaints, const char* socket,
                         const char* folder, unsigned bound) {
  setsid();  // no terminal: it cannot ask for a password
  signal(SIGALRM, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  alarm(bound);  // outlives exec, and ends ssh whatever it waits for
  const int connection = accept(listener, nullptr, nullptr);
  unlink(socket);
  rmdir(folder);
  if (connection < 0) _exit(kNoProgram);
  dup2(connection, STDIN_FILENO);
  dup2(connection, STDOUT_FILENO);
  dup2(complaints, STDERR_FILENO);
  if (connection > STDERR_FILENO) close(connection);
  execvp(words[0], words);
  _exit(kNoProgram);
}

std::filesystem::path make_folder() {
  std::string path = std::filesystem::temp_directory_path() / "cluster-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) cannot("make the folder " + quote(path));
  return path;
}

FileDescriptor listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw Error(Fault::io,
                "the path of a socket is too long: " + quote(path) + " (want a shorter TMPDIR)");
  }
  path.copy(address.sun_path, path.size());
  FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener ||
      bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), 1) != 0) {
    cannot("listen at " + quote(path));
  }
  return listener;
}

}  // namespace

Tunnel::Tunnel(Target target, std::string command, const Limits& limits, const Operator& me)
    : target_(std::move(target)),
      command_(std::move(command)),
      limits_(limits),
      folder_(make_folder()),
      socket_(folder_ / kSocket),
      entry_(open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  auto words = openssh_words(target_, me, limits.connect_timeout, host_key_alias(target_, me));
  // This notices a host that is gone, also when there is nothing to send.
  words.insert(words.end(), {"-o", "LogLevel=ERROR", "-o", "ServerAliveInterval=5", "-o",
                             "ServerAliveCountMax=3", "--", target_.name, command_});
  std::vector<char*> arguments;
  std::ranges::transform(words, std::back_inserter(arguments),
                         [](std::string& word) { return word.data(); });
  arguments.push_back(nullptr);
  try {
    const auto listener = listen_at(socket_);
    complaints_ = FileDescriptor(memfd_create("ssh", MFD_CLOEXEC));
    if (!complaints_) cannot("make a file in memory");
    pid_ = fork();
    if (pid_ < 0) cannot("start ssh");
    if (pid_ == 0) {
      become(arguments.data(), listener.get(), complaints_.get(), socket_.c_str(), folder_.c_str(),
             static_cast<unsigned>(limits.command_timeout.count()));
    }
  } catch (const Error&) {
    stop();
    throw;
  }
  // The system call is used by number: <sys/pidfd.h> of glibc 2.36 has no extern "C".
  pidfd_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
}

Tunnel::~Tunnel() { stop(); }

// Returns true if the process has ended.
bool Tunnel::wait(std::chrono::milliseconds bound) {
  if (pid_ < 0) return true;
  pollfd ended{pidfd_.get(), POLLIN, 0};
  while (poll(&ended, 1, static_cast<int>(bound.count())) < 0 && errno == EINTR) {
  }
  if ((ended.revents & POLLIN) == 0) return false;
  while (waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return true;
}

void Tunnel::stop() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    if (!wait(kSshGrace)) {
      kill(pid_, SIGKILL);
      wait(std::chrono::milliseconds(-1));
    }
  }
  // The socket is still there when nobody has connected. It is removed relative to its folder, not
  // by its whole path, as that name may belong to somebody else now.
  unlinkat(entry_.get(), kSocket, 0);
  rmdir(folder_.c_str());
}

Reply Tunnel::end() {
  if (wait(kSshGrace)) return reply();
  stop();
  return {End::exited, 0, "", {}};
}

std::string Tunnel::said() const {
  std::string text(kMostSaid, '\0');
  const auto count = pread(complaints_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

Reply Tunnel::reply() const {
  std::vector<std::string> lines;
  const auto text = said();
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  if (WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGALRM) {
    return {End::timed_out,
            -1,
            quote(target_.name) + " did not answer within " +
                std::to_string(limits_.command_timeout.count()) + " s",
            {}};
  }
  const int status = WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : kOpensshFailed;
  if (status == 0) return {End::exited, 0, "", {}};
  if (status == kOpensshFailed) {
    const auto [how, why] = why_no_connection(lines);
    return {how,
            -1,
            "ssh to " + quote(target_.name) + " failed" + (why.empty() ? "" : ": " + quote(why)),
            {}};
  }
  return {End::exited,
          status,
          quote(command_) + " on " + quote(target_.name) + " ended with status " +
              std::to_string(status) + (lines.empty() ? "" : ": " + quote(lines.back())),
          {}};
}

}  // namespace cluster::ssh
