#pragma once

#include <signal.h>

#include <optional>
#include <string_view>

namespace cluster::agent {

/// Holds back SIGHUP, SIGINT and SIGTERM while it lives, but those that are ignored (nohup). So the
/// end of an ssh session or a Ctrl-C takes effect when a card is whole again, not between two
/// functions of it. A transaction looks between its steps whether one has come.
class SignalHold {
 public:
  SignalHold();
  SignalHold(const SignalHold&) = delete;
  SignalHold& operator=(const SignalHold&) = delete;
  ~SignalHold();

  /// The name of a signal that has come and is held back, "SIGTERM"; nothing when none is.
  static std::optional<std::string_view> pending();

 private:
  sigset_t before_{};
};

}  // namespace cluster::agent
