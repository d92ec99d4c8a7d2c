#include "node-agent/binding/signal_hold.h"

#include <initializer_list>

namespace cluster::agent {

SignalHold::SignalHold() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) ::sigaddset(&held, number);
  ::sigprocmask(SIG_BLOCK, &held, &before_);
}

SignalHold::~SignalHold() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace cluster::agent
