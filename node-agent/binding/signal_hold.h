#pragma once

#include <signal.h>

namespace cluster::agent {

/// Holds back SIGHUP, SIGINT and SIGTERM while it lives: an ssh session that ends or a Ctrl-C is
/// obeyed after a card is whole again, not between two functions of it.
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
