#include "ssh/conversation.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/error.h"
#include "core/file.h"

namespace cluster::ssh {
namespace {

constexpr int kNoProgram = 127;
constexpr int kSignaled = 128;

}  // namespace

int converse(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  struct sigaction ignore {};
  struct sigaction interrupt {};
  struct sigaction quit {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGINT, &ignore, &interrupt);
  sigaction(SIGQUIT, &ignore, &quit);
  const pid_t pid = fork();
  if (pid == 0) {
    sigaction(SIGINT, &interrupt, nullptr);
    sigaction(SIGQUIT, &quit, nullptr);
    prctl(PR_SET_PDEATHSIG, SIGHUP);  // it does not keep the terminal when we are killed
    execvp(arguments[0], arguments.data());
    _exit(kNoProgram);
  }
  const int failed = errno;
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  sigaction(SIGINT, &interrupt, nullptr);
  sigaction(SIGQUIT, &quit, nullptr);
  if (pid < 0) throw Error(Fault::io, "cannot start " + words[0] + ": " + errno_text(failed));
  return WIFSIGNALED(status) ? kSignaled + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace cluster::ssh
