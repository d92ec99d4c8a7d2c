#include "ssh/doorway.h"

#include <algorithm>

#include "ssh/doors.h"

namespace cluster::ssh {
namespace {

// Where nobody has moved for so long, the next one may go.
constexpr auto kStill = std::chrono::milliseconds(250);

}  // namespace

void Doorway::wait(const std::string& name) {
  std::unique_lock lock(mutex_);
  auto& door = doors_[name];
  while (door.entering >= Doors::kAtFirst + door.room) {
    const auto until = door.moved + kStill;
    if (changed_.wait_until(lock, until) == std::cv_status::timeout &&
        std::chrono::steady_clock::now() >= door.moved + kStill) {
      break;
    }
  }
  ++door.entering;
  door.moved = std::chrono::steady_clock::now();
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

const Warden& Doorway::warden() {
  const std::lock_guard lock(mutex_);
  return warden_ ? *warden_ : warden_.emplace();
}

}  // namespace cluster::ssh
