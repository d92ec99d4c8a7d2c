#include "ssh/doorway.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "core/error.h"
#include "ssh/doors.h"

namespace cluster::ssh {
namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

}  // namespace

Doorway::Doorway(std::chrono::milliseconds still)
    : still_(still), closed_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!closed_) throw Error(Fault::io, "cannot make an event: " + errno_text(errno));
}

bool Doorway::wait(const std::string& name, const std::function<bool()>& gives_up) {
  using Steady = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  auto& door = doors_[name];
  while (door.entering >= Doors::kAtFirst + door.room && Steady::now() < door.moved + still_) {
    if (gives_up()) return false;
    changed_.wait_until(lock, std::min(door.moved + still_, Steady::now() + kLook));
  }
  ++door.entering;
  door.moved = Steady::now();
  return true;
}

void Doorway::Place::leave(bool is_in) {
  if (has_left_) return;
  has_left_ = true;
  const std::lock_guard lock(doorway_.mutex_);
  auto& door = doorway_.doors_[door_];
  --door.entering;
  if (is_in) door.room = std::min(door.room + 1, Doors::kAtOnce - Doors::kAtFirst);
  door.moved = std::chrono::steady_clock::now();
  doorway_.changed_.notify_all();
}

void Doorway::close() { eventfd_write(closed_.get(), 1); }

const Warden& Doorway::warden() {
  const std::lock_guard lock(mutex_);
  return warden_ ? *warden_ : warden_.emplace();
}

}  // namespace cluster::ssh
