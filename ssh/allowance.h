#pragma once

#include <chrono>
#include <mutex>

#include "core/file.h"

namespace cluster::ssh {

/// The time that a host may take of ours, in several pieces. It passes while somebody waits for the
/// host, and stands still while that one waits for other hosts. One thread waits for its end, the
/// others may do the rest.
class Allowance {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  /// It passes from now on. 0 = without end. Throws Error(io) when the kernel gives no descriptor.
  explicit Allowance(std::chrono::seconds all);

  /// It stands still until as many calls of resume().
  void pause();
  /// It passes again; of what is left, `most` at most.
  void resume(Duration most = Duration::max());

  /// The time at which it is used up; max() = not as things are.
  Time until() const;
  bool is_over() const { return std::chrono::steady_clock::now() >= until(); }

  /// Is readable when until() has become earlier (eventfd(2)).
  int news() const { return news_.get(); }
  /// Takes the news.
  void take_news();

 private:
  mutable std::mutex mutex_;
  Duration left_;  // max(): without end; when it stands still, else from since_
  Time since_;
  int pauses_ = 0;
  FileDescriptor news_;
};

/// Stops an Allowance while it lives.
class Pause {
 public:
  explicit Pause(Allowance& allowance) : allowance_(allowance) { allowance_.pause(); }
  ~Pause() { allowance_.resume(); }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  Allowance& allowance_;
};

}  // namespace cluster::ssh
