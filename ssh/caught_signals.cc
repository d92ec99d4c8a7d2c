#include "ssh/caught_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "core/error.h"

namespace cluster::ssh {
namespace {

constexpr std::array kCaught{SIGINT, SIGTERM, SIGHUP};

// One that is blocked is never thrown away: a signalfd would give it although it is ignored.
bool is_ignored(int number) {
  struct sigaction action {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

CaughtSignals::CaughtSignals() {
  sigset_t caught;
  sigset_t before;
  sigemptyset(&caught);
  sigemptyset(&ours_);
  for (const int number : kCaught) {
    if (!is_ignored(number)) sigaddset(&caught, number);
  }
  file_ = FileDescriptor(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!file_) throw Error(Fault::io, "cannot wait for signals: " + errno_text(errno));
  pthread_sigmask(SIG_BLOCK, &caught, &before);
  for (const int number : kCaught) {
    if (sigismember(&caught, number) == 1 && sigismember(&before, number) == 0) {
      sigaddset(&ours_, number);
    }
  }
}

CaughtSignals::~CaughtSignals() { release(); }

int CaughtSignals::take() {
  signalfd_siginfo info{};
  if (read(file_.get(), &info, sizeof(info)) != sizeof(info)) return 0;
  release();
  return static_cast<int>(info.ssi_signo);
}

void CaughtSignals::release() {
  pthread_sigmask(SIG_UNBLOCK, &ours_, nullptr);
  sigemptyset(&ours_);
}

}  // namespace cluster::ssh
