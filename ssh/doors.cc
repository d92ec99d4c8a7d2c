#include "ssh/doors.h"

#include <algorithm>
#include <random>
#include <unordered_map>

#include "core/random.h"

namespace cluster::ssh {
namespace {

// std::random_device of a static libstdc++ would want glibc 2.36.
std::minstd_rand seeded() {
  constexpr std::size_t kBytes = 8;
  const auto digits = random_hex(kBytes);
  std::seed_seq seed(digits.begin(), digits.end());
  return std::minstd_rand(seed);
}

}  // namespace

Doors::Doors(const std::vector<std::string>& doors)
    : entered_at_(doors.size(), Clock::time_point::max()),
      due_at_(doors.size(), Clock::time_point::max()),
      turns_(doors.size()) {
  std::unordered_map<std::string, std::size_t> numbers;
  doors_.reserve(doors.size());
  for (std::size_t i = 0; i < doors.size(); ++i) {
    const auto [at, is_new] = numbers.try_emplace(doors[i], doors_.size());
    if (is_new) doors_.emplace_back();
    door_numbers_.push_back(at->second);
    ++doors_[at->second].jobs;
    ready_.push_back(i);
  }
}

Clock::duration Doors::pause_after(int tries) {
  auto pause = std::chrono::microseconds(kFirstPause);
  for (int i = 1; i < tries && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, std::chrono::microseconds(kLongestPause));
  // Another `cluster` at the same door must not come back at the same moments.
  static thread_local auto random = seeded();
  std::uniform_int_distribution<std::chrono::microseconds::rep> some(-pause.count() / 4,
                                                                     pause.count() / 4);
  return pause + std::chrono::microseconds(some(random));
}

std::size_t Doors::next(Clock::time_point now) {
  if (waiting_ > 0) lend_places(now);
  while (!resting_.empty() && resting_.begin()->first <= now) {
    const auto number = resting_.begin()->second;
    --door_of(number).resting;
    ready_.push_front(number);
    resting_.erase(resting_.begin());
  }
  while (!ready_.empty()) {
    const auto number = ready_.front();
    ready_.pop_front();
    auto& door = door_of(number);
    if (!may_enter(door, number)) {
      door.waiting.push_back(number);
      ++waiting_;
      continue;
    }
    ++door.entering;
    entered_at_[number] = now;
    if (!turns_[number].has_tried) turns_[number] = {true, door.came_in, 0};
    if (door.jobs > 1) set_due(number, now + door.patience);
    return number;
  }
  return kNone;
}

Clock::time_point Doors::wakes() const {
  auto when = Clock::time_point::max();
  if (!resting_.empty()) when = resting_.begin()->first;
  if (waiting_ > 0 && !due_.empty()) when = std::min(when, due_.begin()->first);
  return when;
}

void Doors::opens(std::size_t number) {
  auto& door = door_of(number);
  door.turned_away = 0;
  door.has_opened = true;
  turns_[number].came_in = ++door.came_in;
  if (is_entering(number)) door.room = std::min(door.room + 1, kAtOnce);
}

void Doors::is_in(std::size_t number, Clock::time_point now) {
  opens(number);
  if (!is_entering(number)) return;
  auto& door = door_of(number);
  door.patience = std::max(door.patience, 2 * (now - entered_at_[number]));
  leave(number);
}

void Doors::has_ended(std::size_t number) {
  if (is_entering(number)) leave(number);
}

std::optional<Clock::time_point> Doors::try_again(std::size_t number, int tries,
                                                  Clock::time_point now,
                                                  Clock::time_point deadline) {
  auto& door = door_of(number);
  auto& turn = turns_[number];
  turn.tries_shut = has_moved(number) ? 0 : turn.tries_shut + 1;
  turn.came_in = door.came_in;
  door.room = door.has_opened ? std::max(kInACrowd, door.room - 1) : 1;
  door.patience =
      std::max(door.patience, std::min<Clock::duration>(2 * door.patience, kLongestPatience));
  if (door.turned_away++ == 0) door.turned_away_since = now;
  const int others = door.entering - (is_entering(number) ? 1 : 0);
  const bool is_shut = others == 0 && door.turned_away >= kMostInARow &&
                       now - door.turned_away_since >= kLongestStreak;
  const auto when = now + pause_after(tries);
  if (is_shut || turn.tries_shut >= kMostTries || when >= deadline) return std::nullopt;
  ++door.resting;
  resting_.emplace(when, number);
  has_ended(number);
  return when;
}

void Doors::lend_places(Clock::time_point now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto number = due_.begin()->second;
    auto& door = door_of(number);
    const auto due = entered_at_[number] + door.patience;
    if (due > now) {  // others have taken longer meanwhile
      set_due(number, due);
      continue;
    }
    door.room = std::min(door.room + 1, kAtOnce);
    leave(number);
  }
}

bool Doors::may_enter(const Door& door, std::size_t number) const {
  const bool is_tested = !door.has_opened && door.resting > 0 && !turns_[number].has_tried;
  return door.entering < door.room && !is_tested;
}

void Doors::set_due(std::size_t number, Clock::time_point when) {
  auto& due = due_at_[number];
  if (due != Clock::time_point::max()) due_.erase({due, number});
  due = when;
  if (due != Clock::time_point::max()) due_.emplace(due, number);
}

void Doors::leave(std::size_t number) {
  set_due(number, Clock::time_point::max());
  entered_at_[number] = Clock::time_point::max();
  auto& door = door_of(number);
  --door.entering;
  release(door);
}

void Doors::release(Door& door) {
  if (!door.has_opened && door.resting > 0) return;
  const auto free = static_cast<std::size_t>(std::max(0, door.room - door.entering));
  const auto count = std::min(free, door.waiting.size());
  const auto end = door.waiting.begin() + static_cast<std::ptrdiff_t>(count);
  ready_.insert(ready_.begin(), door.waiting.begin(), end);
  door.waiting.erase(door.waiting.begin(), end);
  waiting_ -= count;
}

}  // namespace cluster::ssh
