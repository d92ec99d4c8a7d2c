#pragma once

#include <chrono>
#include <filesystem>

#include "core/file.h"

namespace cluster::agent {

/// One gpupci acts at a time. Held from construction to destruction, by flock(2) on `file`, so the
/// kernel frees it when the process dies and the step that its child was in has ended. Destruction
/// frees it also from a child that is stuck in the kernel: its card is marked by then, and nothing
/// stands in the way of the others.
class Lock {
 public:
  /// Waits for the lock, at most `patience`. Throws Error(refused) when another gpupci still has it
  /// then, Error(io) when the file cannot be made.
  Lock(const std::filesystem::path& file, std::chrono::milliseconds patience);
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock();

 private:
  FileDescriptor file_;
};

}  // namespace cluster::agent
