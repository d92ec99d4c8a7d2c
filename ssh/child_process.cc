#include "ssh/child_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::ssh {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Fault::io, "cannot " + what + ": " + errno_text(errno));
}

// Runs in the new process. It calls only functions that are allowed between fork and exec.
[[noreturn]] void become(char* const* arguments, pid_t parent, int in, int out, int err) {
  setsid();  // no terminal to ask for a password on, and a group of its own to be stopped with
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(ChildProcess::kNoProgram);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execvp(arguments[0], arguments);
  _exit(ChildProcess::kNoProgram);
}

// Makes a file in memory that holds `input`, to be read from its beginning.
FileDescriptor file_with(std::string_view input) {
  FileDescriptor file(memfd_create("input", MFD_CLOEXEC));
  if (!file) refuse("make a file in memory");
  write_all(file, "input", input);
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace

std::string descriptor_path(const FileDescriptor& file) {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file.get());
}

Pipe::Pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) refuse("make a pipe");
  read = FileDescriptor(ends[0]);
  write = FileDescriptor(ends[1]);
  fcntl(read.get(), F_SETFL, O_NONBLOCK);
}

ChildProcess::ChildProcess(const Warden& warden, const std::vector<std::string>& arguments,
                           std::string_view input)
    : warden_(warden) {
  const auto in = file_with(input);
  Pipe out;
  Pipe err;
  start(arguments, in.get(), out.write.get(), err.write.get());
  out_ = std::move(out.read);
  err_ = std::move(err.read);
}

ChildProcess::ChildProcess(const Warden& warden, const std::vector<std::string>& arguments,
                           int socket, int err)
    : warden_(warden) {
  start(arguments, socket, socket, err);
}

void ChildProcess::start(const std::vector<std::string>& arguments, int in, int out, int err) {
  std::vector<char*> words;
  std::ranges::transform(arguments, std::back_inserter(words),
                         [](const std::string& word) { return const_cast<char*>(word.c_str()); });
  words.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) refuse("start " + quote(arguments[0]));
  if (pid_ == 0) become(words.data(), parent, in, out, err);
  warden_.guard(pid_);
  // The system call is used by number: <sys/pidfd.h> of glibc 2.36 has no extern "C".
  pidfd_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    const int code = errno;
    signal(SIGKILL);
    wait_for(0);
    errno = code;
    refuse("watch " + quote(arguments[0]));
  }
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  wait_for(0);
}

void ChildProcess::signal(int number) {
  if (pid_ < 0) return;
  // The process is not reaped yet, so the number still belongs to it. It leads its group from
  // setsid() on; until then it has started nothing.
  if (kill(-pid_, number) != 0) kill(pid_, number);
}

std::optional<int> ChildProcess::wait_for(int options) {
  // The children of the process may be there still: a ProxyCommand, or one that ignored a signal.
  // The group belongs to the process only until it is reaped.
  siginfo_t gone{};
  int code = 0;
  do {
    code = waitid(P_PID, static_cast<id_t>(pid_), &gone, WEXITED | WNOWAIT | options);
  } while (code != 0 && errno == EINTR);
  if (code != 0 || gone.si_pid != pid_) return std::nullopt;
  kill(-pid_, SIGKILL);
  warden_.release(pid_);
  int status = 0;
  pid_t found = 0;
  do {
    found = waitpid(pid_, &status, options);
  } while (found < 0 && errno == EINTR);
  if (found == 0) return std::nullopt;
  pid_ = -1;
  return status;
}

}  // namespace cluster::ssh
