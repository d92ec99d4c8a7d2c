#pragma once

#include <csignal>

#include "core/file.h"

namespace cluster::ssh {

/// Catches the first SIGINT, SIGTERM or SIGHUP of this thread while it lives, for a loop to see.
/// After it they do again what they did before: the second one ends the program at once. A signal
/// that is ignored (nohup) stays so.
class CaughtSignals {
 public:
  /// Throws Error(io) when the kernel gives no descriptor.
  CaughtSignals();
  ~CaughtSignals();
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;

  /// Is readable once a signal has come (signalfd(2)).
  int descriptor() const { return file_.get(); }

  /// The number of the signal that has come, 0 when none has.
  int take();

 private:
  void release();

  sigset_t ours_{};  // those that were not blocked before
  FileDescriptor file_;
};

}  // namespace cluster::ssh
