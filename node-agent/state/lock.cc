#include "node-agent/state/lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <thread>

#include "core/error.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

constexpr std::chrono::milliseconds kPause{50};

}  // namespace

Lock::Lock(const std::filesystem::path& file, std::chrono::milliseconds patience)
    : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (!file_) {
    const int code = errno;
    throw Error(Fault::io, "cannot open the lock " + quote(file.native()) + ": " +
                               errno_text(code) + (code == EACCES ? " (run it as root)" : ""));
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  // flock(2) cannot wait for a limited time, so we ask it again and again.
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      cannot("lock", file, errno);
    }
    if (std::chrono::steady_clock::now() >= end) {
      throw Error(Fault::refused, "another gpupci is at work and holds " + quote(file.native()) +
                                      " (`lslocks` names it); nothing was changed");
    }
    std::this_thread::sleep_for(kPause);
  }
}

// If we only closed the file, the children that have it open too would keep the lock.
Lock::~Lock() { ::flock(file_.get(), LOCK_UN); }

}  // namespace cluster::agent
