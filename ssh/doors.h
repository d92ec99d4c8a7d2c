#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace cluster::ssh {

/// Lets few logins at a time through one door: an address with its port, or a jump host. sshd drops
/// some of those beyond ten that are not in yet (MaxStartups 10:30:100 in sshd_config(5)).
class Doors {
 public:
  static constexpr int kAtOnce = 8;

  /// Job `number` i goes through the door doors[i].
  explicit Doors(std::vector<std::string> doors);

  /// The next job that may begin to log in; `kNone` when all others have to wait.
  std::size_t next();
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// Job `number`, which next() gave, is in, or has ended. Only the first call counts.
  void is_in(std::size_t number);

 private:
  struct Door {
    int entering = 0;
    std::deque<std::size_t> waiting;
  };

  std::vector<std::string> doors_;
  std::vector<bool> entering_;
  std::map<std::string, Door> by_name_;
  std::deque<std::size_t> ready_;  // not asked at their door yet, or let through next
};

}  // namespace cluster::ssh
