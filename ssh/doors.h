#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ssh/loop.h"

namespace cluster::ssh {

/// Lets few logins at a time through one door: an address with its port, or a jump host. sshd drops
/// some of those beyond ten that are not in yet (MaxStartups 10:30:100 in sshd_config(5)), also
/// those of other clients. The first logins show whether a door opens at all, so it begins with
/// two; each that comes in makes room for one more, and each that is turned away takes one. As long
/// as nobody has come in, those that were turned away try one at a time, and the others wait.
class Doors {
 public:
  static constexpr int kAtFirst = 2;
  static constexpr int kAtOnce = 8;
  static constexpr int kInACrowd = 4;  ///< where others crowd an open door, fewer help little
  /// A login that takes longer than this, and than twice the longest of those that came in, makes
  /// room for another: it may be a host behind a jump host that is off, which is no reason for the
  /// others to wait.
  static constexpr auto kPatience = std::chrono::seconds(1);
  /// A refusal doubles it, up to this: those who linger at the door are what crowds it.
  static constexpr auto kLongestPatience = std::chrono::seconds(8);
  static constexpr int kMostTries = 24;  ///< of a job, while nobody comes in
  /// The pause before the next try of a job: it doubles, and varies by a quarter.
  static constexpr auto kFirstPause = std::chrono::milliseconds(50);
  static constexpr auto kLongestPause = std::chrono::milliseconds(500);
  static Clock::duration pause_after(int tries);
  /// A door that has turned away so many in a row, and for so long, is not tried again when nobody
  /// is on the way in.
  static constexpr int kMostInARow = 16;
  static constexpr auto kLongestStreak = std::chrono::seconds(5);

  /// Job `number` i goes through the door doors[i].
  explicit Doors(const std::vector<std::string>& doors);

  /// The next job that may begin to log in; `kNone` when all others have to wait.
  std::size_t next(Clock::time_point now);
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// The time at which next() may have a job although nothing has happened; max() = never.
  Clock::time_point wakes() const;

  /// Job `number`, which next() gave, is in. Only the first call counts.
  void is_in(std::size_t number, Clock::time_point now);
  /// The door of job `number` has opened for it, although it did not come in at the host behind.
  void opens(std::size_t number);
  /// Job `number` has ended, and may never have been in.
  void has_ended(std::size_t number);

  /// True if somebody else came in while job `number`, which was turned away, tried. The door moves
  /// on, so this try was a part of the waiting there.
  bool has_moved(std::size_t number) const {
    return doors_[door_numbers_[number]].came_in != turns_[number].came_in;
  }

  /// Job `number` was turned away, for the `tries`th time. Puts it back for a pause, and returns
  /// the end of that; returns nothing when trying again before `deadline` is of no use.
  std::optional<Clock::time_point> try_again(std::size_t number, int tries, Clock::time_point now,
                                             Clock::time_point deadline);

 private:
  struct Door {
    int jobs = 0;
    int entering = 0;
    int room = kAtFirst;
    bool has_opened = false;  // somebody came in
    int came_in = 0;
    int resting = 0;
    Clock::duration patience = kPatience;
    int turned_away = 0;  // in a row
    Clock::time_point turned_away_since;
    std::vector<std::size_t> waiting;  // the first one first
  };

  // What a job has met at its door.
  struct Turn {
    bool has_tried = false;
    int came_in = 0;     // Door::came_in when it first tried, or was turned away last
    int tries_shut = 0;  // in a row, while nobody came in
  };

  Door& door_of(std::size_t number) { return doors_[door_numbers_[number]]; }
  bool is_entering(std::size_t number) const {
    return entered_at_[number] != Clock::time_point::max();
  }
  void lend_places(Clock::time_point now);
  bool may_enter(const Door& door, std::size_t number) const;
  void set_due(std::size_t number, Clock::time_point when);
  void leave(std::size_t number);
  void release(Door& door);

  std::vector<Door> doors_;
  std::vector<std::size_t> door_numbers_;      // of each job
  std::vector<Clock::time_point> entered_at_;  // of each job; max() = it is not entering
  std::vector<Clock::time_point> due_at_;      // the one in due_; max() = none
  std::vector<Turn> turns_;                    // of each job
  std::deque<std::size_t> ready_;              // not asked at their door yet, or let through next
  std::size_t waiting_ = 0;                    // at all doors
  std::set<std::pair<Clock::time_point, std::size_t>> due_;  // when the entering lend their place
  std::set<std::pair<Clock::time_point, std::size_t>> resting_;
};

}  // namespace cluster::ssh
