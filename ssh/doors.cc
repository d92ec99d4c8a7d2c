#include "ssh/doors.h"

#include <utility>

namespace cluster::ssh {

Doors::Doors(std::vector<std::string> doors)
    : doors_(std::move(doors)), entering_(doors_.size(), false) {
  for (std::size_t i = 0; i < doors_.size(); ++i) ready_.push_back(i);
}

std::size_t Doors::next() {
  while (!ready_.empty()) {
    const auto number = ready_.front();
    ready_.pop_front();
    auto& door = by_name_[doors_[number]];
    if (door.entering == kAtOnce) {
      door.waiting.push_back(number);
      continue;
    }
    ++door.entering;
    entering_[number] = true;
    return number;
  }
  return kNone;
}

void Doors::is_in(std::size_t number) {
  if (!entering_[number]) return;
  entering_[number] = false;
  auto& door = by_name_[doors_[number]];
  --door.entering;
  if (door.waiting.empty()) return;
  ready_.push_front(door.waiting.front());
  door.waiting.pop_front();
}

}  // namespace cluster::ssh
