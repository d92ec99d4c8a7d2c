#pragma once

#include <signal.h>

namespace cluster::agent {

/// Holds back SIGHUP, SIGINT and SIGTERM while it lives. So the end of an ssh session or a Ctrl-C
/// takes effect when a card is whole again, not between two functions of it.
class SignalHold {
 public:
  SignalHold();
  SignalHold(const SignalHold&) = delete;
  SignalHold& operator=(const SignalHold&) = delete;
  ~SignalHold();

 private:
  sigset_t before_{};
};

}  // namespace cluster::agent
