#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/file.h"

namespace cluster::ssh {

/// The time that counts for the hosts of this process. It stands still while we do not read them,
/// as somebody reads slowly what we print.
class Clock {
 public:
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;  // NOLINT: a name of the standard

  static time_point now() noexcept {
    return time_point(std::chrono::steady_clock::now().time_since_epoch() -
                      duration(passed_over.load(std::memory_order_relaxed)));
  }

  /// Takes back `time`, which has just passed.
  static void pass_over(duration time) {
    passed_over.fetch_add(time.count(), std::memory_order_relaxed);
  }

 private:
  static inline std::atomic<rep> passed_over{0};
};

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
  /// The last of the times that are set; nothing when none is.
  std::optional<Clock::time_point> last_alarm() const {
    return alarms_.empty() ? std::nullopt : std::optional(alarms_.rbegin()->first);
  }
  void silence(Waiter& waiter) { alarm(waiter, Clock::time_point::max()); }

  /// Sleeps until something happens, or `until`, then wakes the waiters: first those with news,
  /// then those whose time has come. So a host does not count as late because another host kept us
  /// busy.
  void turn(Clock::time_point until = Clock::time_point::max());

 private:
  struct Watch {
    std::uint32_t events;
    Waiter* waiter;
  };

  int milliseconds_to(Clock::time_point until) const;

  FileDescriptor epoll_;
  std::unordered_map<int, Watch> watches_;
  std::set<std::pair<Clock::time_point, Waiter*>> alarms_;
  std::unordered_map<Waiter*, Clock::time_point> times_;
};

}  // namespace cluster::ssh
