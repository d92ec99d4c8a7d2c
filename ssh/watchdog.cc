#include "ssh/watchdog.h"

#include <sys/socket.h>

namespace cluster::ssh {

Watchdog::~Watchdog() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void Watchdog::guard(int socket, Clock::duration bound) {
  const std::lock_guard lock(mutex_);
  socket_ = socket;
  until_ = Clock::now() + bound;
  has_bitten_ = false;
  if (!thread_.joinable()) thread_ = std::thread([this] { watch(); });
  changed_.notify_one();
}

bool Watchdog::release() {
  const std::lock_guard lock(mutex_);
  socket_ = -1;
  changed_.notify_one();
  return has_bitten_;
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (socket_ < 0) {
      changed_.wait(lock);
    } else if (Clock::now() < until_) {
      changed_.wait_until(lock, until_);
    } else {
      shutdown(socket_, SHUT_RDWR);
      has_bitten_ = true;
      socket_ = -1;
    }
  }
}

}  // namespace cluster::ssh
