#pragma once

#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/file.h"
#include "ssh/loop.h"
#include "ssh/transport.h"

namespace cluster::ssh {

/// Threads that do the Work of a run, beside a loop that they wake.
class Crew : public Waiter {
 public:
  static constexpr std::size_t kMostThreads = 64;  ///< each waits for a network most of the time

  /// Starts them on the targets 0 to `count` - 1. `work` outlives it. Throws Error(io) when the
  /// kernel gives no descriptor.
  Crew(Loop& loop, std::size_t count, const Work& work);
  /// Waits for those that work.
  ~Crew() override;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void ready() override;
  void late() override {}

  bool is_over() const;
  Progress progress() const;

  /// Begins with no other target, and returns those whose work has not ended.
  std::vector<std::size_t> stop();

  /// Throws what the work of a target has thrown. It is over.
  void rethrow() const;

 private:
  void work_on_each();
  std::size_t next();  // kNone: there is no other
  static constexpr auto kNone = static_cast<std::size_t>(-1);

  Loop& loop_;
  const Work& work_;
  FileDescriptor news_;
  mutable std::mutex mutex_;
  std::vector<bool> have_ended_;
  std::size_t begun_ = 0;
  std::size_t ended_ = 0;
  std::size_t failed_ = 0;
  bool is_stopped_ = false;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace cluster::ssh
