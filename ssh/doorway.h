#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/file.h"
#include "ssh/lessons.h"
#include "ssh/warden.h"

namespace cluster::ssh {

/// The same as Doors for logins that wait in threads of their own: few at a time go through one
/// door, the first two show whether it opens, and the slow make room after a while. It also has the
/// warden of their processes, and what they have learned of doors. Threads may share it.
class Doorway {
 public:
  /// Where nobody has moved for the time `still`, the next one may go. Throws Error(io) when the
  /// kernel gives no descriptor.
  explicit Doorway(std::chrono::milliseconds still = std::chrono::milliseconds(250));

  /// A place at a door, given back when it dies.
  class Place {
   public:
    explicit Place(Doorway& doorway, std::string door)
        : doorway_(doorway), door_(std::move(door)) {}
    ~Place() { leave(false); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// Says that the login is over, so that another may begin. Only the first call of the two
    /// counts.
    void is_in() { leave(true); }
    /// Says that there is none.
    void leave() { leave(false); }

   private:
    void leave(bool is_in);

    Doorway& doorway_;
    std::string door_;
    bool has_left_ = false;
  };

  /// Waits until a login at the door `name` may begin, and returns true; the caller is to make a
  /// Place for it then. Returns false once `gives_up`, which is asked several times a second, says
  /// so.
  bool wait(const std::string& name, const std::function<bool()>& gives_up);

  /// Whoever uses it is to end, for good.
  void close();
  /// Is readable once it is closed (eventfd(2)).
  int closed() const { return closed_.get(); }

  /// Returns what `use` does with what the failures of all have taught. Nobody else uses that
  /// meanwhile.
  template <typename Use>
  auto with_lessons(Use use) {
    const std::lock_guard lock(mutex_);
    return use(lessons_);
  }

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
  Lessons lessons_;
  FileDescriptor closed_;
  std::optional<Warden> warden_;
};

}  // namespace cluster::ssh
