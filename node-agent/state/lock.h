#pragma once

#include <chrono>
#include <filesystem>

#include "core/file.h"

namespace cluster::agent {

/// Lets only one gpupci act at a time. It is held from construction to destruction, by flock(2) on
/// `file`. So the kernel frees it when the process has died and the step that its child was in has
/// ended. Destruction frees it even from a child that is stuck in the kernel: the card of that
/// child is marked by then, and the other cards can go on.
class Lock {
 public:
  /// Waits for the lock, at most `patience`. Throws Error(refused) when another gpupci still has it
  /// after that time, Error(io) when the file cannot be made.
  Lock(const std::filesystem::path& file, std::chrono::milliseconds patience);
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock();

 private:
  FileDescriptor file_;
};

}  // namespace cluster::agent
