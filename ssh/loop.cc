#include "ssh/loop.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>

#include "core/error.h"
#include "core/file.h"

namespace cluster::ssh {

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw Error(Fault::io, "cannot wait for hosts: " + errno_text(errno));
}

void Loop::watch(int fd, std::uint32_t events, Waiter& waiter) {
  const auto [at, is_new] = watches_.try_emplace(fd, Watch{events, &waiter});
  if (!is_new && at->second.events == events && at->second.waiter == &waiter) return;
  at->second = {events, &waiter};
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) {
    throw Error(Fault::io, "cannot wait for a host: " + errno_text(errno));
  }
}

void Loop::forget(int fd) {
  if (watches_.erase(fd) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::alarm(Waiter& waiter, Clock::time_point when) {
  if (const auto at = times_.find(&waiter); at != times_.end()) {
    if (at->second == when) return;
    alarms_.erase({at->second, &waiter});
    times_.erase(at);
  }
  if (when == Clock::time_point::max()) return;
  alarms_.emplace(when, &waiter);
  times_.emplace(&waiter, when);
}

void Loop::turn(Clock::time_point until) {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               milliseconds_to(until));
  for (int i = 0; i < count; ++i) {
    // Each waiter is looked up again: waking one may have made another forget its descriptor.
    const auto at = watches_.find(events.at(static_cast<std::size_t>(i)).data.fd);
    if (at != watches_.end()) at->second.waiter->ready();
  }
  const auto now = Clock::now();
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    Waiter* waiter = alarms_.begin()->second;
    silence(*waiter);
    waiter->late();
  }
}

// The time to the next alarm, and to `until` at the most.
int Loop::milliseconds_to(Clock::time_point until) const {
  if (!alarms_.empty()) until = std::min(until, alarms_.begin()->first);
  if (until == Clock::time_point::max()) return -1;
  const auto left = until - Clock::now();
  if (left <= Clock::duration::zero()) return 0;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<long long>(rounded, std::numeric_limits<int>::max()));
}

}  // namespace cluster::ssh
