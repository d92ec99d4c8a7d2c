#pragma once

#include <sys/types.h>

#include "core/file.h"

namespace cluster::ssh {

/// Ends the processes that this one has started when this one ends, however that happens: the
/// kernel closes our end of a socket also after SIGKILL, and a small process at the other end sees
/// that. The processes lead groups of their own, so what they have started ends with them.
class Warden {
 public:
  /// Starts the small process. Throws Error(io) when the kernel gives none.
  Warden();
  /// Ends it, and with it all that are still guarded.
  ~Warden();
  Warden(const Warden&) = delete;
  Warden& operator=(const Warden&) = delete;

  /// Guards the process `leader` and its group, before it has done anything.
  void guard(pid_t leader) const { tell(leader); }
  /// `leader` has ended, and nothing is left of its group. It is not reaped yet, so the number
  /// still belongs to it.
  void release(pid_t leader) const { tell(-leader); }

 private:
  void tell(pid_t number) const;

  FileDescriptor near_end_;
  pid_t pid_ = -1;
};

}  // namespace cluster::ssh
