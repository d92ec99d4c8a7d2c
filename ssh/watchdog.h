#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "ssh/loop.h"

namespace cluster::ssh {

/// Bounds a blocking call on a socket. When the call takes too long the socket is shut down, and
/// the call fails instead of hanging. It guards one call at a time.
class Watchdog {
 public:
  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Shuts `socket` down after `bound`. The caller keeps it open until release().
  void guard(int socket, Clock::duration bound);

  /// Ends the guard, as the call came back. True if the watchdog had to shut the socket down.
  bool release();

 private:
  void watch();

  std::mutex mutex_;
  std::condition_variable changed_;
  int socket_ = -1;  // -1: nothing to guard
  Clock::time_point until_;
  bool has_bitten_ = false;
  bool stop_ = false;
  std::thread thread_;  // started with the first guard
};

}  // namespace cluster::ssh
