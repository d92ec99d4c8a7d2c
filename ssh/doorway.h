#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ssh/warden.h"

namespace cluster::ssh {

/// The same as Doors for logins that wait in threads of their own: few at a time go through one
/// door, the first two show whether it opens, and the slow make room after a while. It also has the
/// warden of their processes. Threads may share it.
class Doorway {
 public:
  /// Where nobody has moved for the time `still`, the next one may go.
  explicit Doorway(std::chrono::milliseconds still = std::chrono::milliseconds(250))
      : still_(still) {}

  /// A place at a door, given back when it dies.
  class Place {
   public:
    explicit Place(Doorway& doorway, std::string door)
        : doorway_(doorway), door_(std::move(door)) {}
    ~Place() { leave(false); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// Says that the login is over, so that another may begin. Only the first call counts.
    void is_in() { leave(true); }

   private:
    void leave(bool is_in);

    Doorway& doorway_;
    std::string door_;
    bool has_left_ = false;
  };

  /// Waits until a login at `door` may begin, and returns true; the caller is to make a Place for
  /// it then. Returns false once `gives_up`, which is asked several times a second, says so.
  bool wait(const std::string& door, const std::function<bool()>& gives_up);

  /// The warden, started with the first call. Throws Error(io) as it does.
  const Warden& warden();

 private:
  struct Door {
    int entering = 0;
    int room = 0;  // in addition to Doors::kAtFirst
    std::chrono::steady_clock::time_point moved;
  };

  std::chrono::milliseconds still_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Door> doors_;
  std::optional<Warden> warden_;
};

}  // namespace cluster::ssh
