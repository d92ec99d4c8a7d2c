#include "rolls/engine/subprocess.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

// Makes this process ignore SIGINT and SIGQUIT while somebody else has the terminal.
class WithoutInterrupts {
 public:
  WithoutInterrupts() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &interrupt_);
    ::sigaction(SIGQUIT, &ignore, &quit_);
  }
  ~WithoutInterrupts() { restore(); }
  WithoutInterrupts(const WithoutInterrupts&) = delete;
  WithoutInterrupts& operator=(const WithoutInterrupts&) = delete;

  void restore() const {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGQUIT, &quit_, nullptr);
  }

 private:
  struct sigaction interrupt_ {};
  struct sigaction quit_ {};
};

// Runs in the child, and never returns.
[[noreturn]] void become(const Subprocess& program, std::vector<char*>& words, int report) {
  const auto fail = [&] {
    const int code = errno;
    static_cast<void>(::write(report, &code, sizeof code) < 0);
    ::_exit(127);
  };
  for (const auto& [name, value] : program.environment) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) fail();
  }
  if (::chdir(program.folder.c_str()) != 0) fail();
  if (!program.out.empty()) {
    const int out = ::open(program.out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (out < 0 || ::dup2(out, STDOUT_FILENO) < 0) fail();
  }
  ::execvp(words[0], words.data());
  fail();
  ::_exit(127);
}

}  // namespace

int run_subprocess(const Subprocess& program, const std::string& package) {
  auto texts = program.words;
  std::vector<char*> words;
  for (auto& text : texts) words.push_back(text.data());
  words.push_back(nullptr);

  // The pipe carries the errno of a child that could not start the program. A child that starts the
  // program closes the pipe.
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(Fault::io, "cannot make a pipe: " + errno_text(errno));
  }
  FileDescriptor from_child(ends[0]);
  FileDescriptor to_parent(ends[1]);
  const WithoutInterrupts without_interrupts;
  const pid_t child = ::fork();
  if (child < 0) throw Error(Fault::io, "cannot start a process: " + errno_text(errno));
  if (child == 0) {
    without_interrupts.restore();
    become(program, words, to_parent.get());
  }
  to_parent.reset();
  int code = 0;
  const bool failed = ::read(from_child.get(), &code, sizeof code) == sizeof code;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (failed) {
    throw Error(Fault::io, "cannot run " + quote(program.words[0]) + ": " + errno_text(code) +
                               (package.empty() ? "" : " (apt-get install " + package + ")"));
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace cluster::rolls
