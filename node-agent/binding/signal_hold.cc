#include "node-agent/binding/signal_hold.h"

#include <array>

namespace cluster::agent {
namespace {

struct Signal {
  int number;
  std::string_view name;
};

constexpr std::array kSignals{Signal{SIGHUP, "SIGHUP"}, Signal{SIGINT, "SIGINT"},
                              Signal{SIGTERM, "SIGTERM"}};

// The kernel keeps a signal that is blocked even when it is ignored.
bool is_ignored(int number) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

SignalHold::SignalHold() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const auto& signal : kSignals) {
    if (!is_ignored(signal.number)) ::sigaddset(&held, signal.number);
  }
  ::sigprocmask(SIG_BLOCK, &held, &before_);
}

SignalHold::~SignalHold() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

std::optional<std::string_view> SignalHold::pending() {
  sigset_t come;
  if (::sigpending(&come) != 0) return std::nullopt;
  for (const auto& signal : kSignals) {
    if (::sigismember(&come, signal.number) == 1) return signal.name;
  }
  return std::nullopt;
}

}  // namespace cluster::agent
