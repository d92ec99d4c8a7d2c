#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/file.h"

namespace cluster::ssh {

using Clock = std::chrono::steady_clock;

/// An object that a Loop wakes.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// A watched descriptor can be read or written, or its other end is gone. It may be a false
  /// alarm.
  virtual void ready() = 0;
  /// The time set with Loop::alarm has come.
  virtual void late() = 0;
};

/// Waits for many descriptors and alarms at once (epoll). A waiter has to forget its descriptors
/// and silence its alarm before it dies or closes them.
class Loop {
 public:
  /// Throws Error(io) when the kernel gives no epoll descriptor.
  Loop();

  /// Wakes `waiter` when one of `events` (EPOLLIN, EPOLLOUT) happens on `fd`. A second call for the
  /// same `fd` replaces the first.
  void watch(int fd, std::uint32_t events, Waiter& waiter);
  void forget(int fd);

  /// Calls waiter.late() at `when`, once. It replaces an earlier alarm. time_point::max() means
  /// never.
  void alarm(Waiter& waiter, Clock::time_point when);
  void silence(Waiter& waiter) { alarm(waiter, Clock::time_point::max()); }

  /// Sleeps until something happens, then wakes the waiters: first those with news, then those
  /// whose time has come. So a host does not count as late because another host kept us busy.
  void turn();

 private:
  struct Watch {
    std::uint32_t events;
    Waiter* waiter;
  };

  int milliseconds_to_next_alarm() const;

  FileDescriptor epoll_;
  std::unordered_map<int, Watch> watches_;
  std::set<std::pair<Clock::time_point, Waiter*>> alarms_;
  std::unordered_map<Waiter*, Clock::time_point> times_;
};

}  // namespace cluster::ssh
