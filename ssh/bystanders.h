#pragma once

#include "ssh/caught_signals.h"
#include "ssh/loop.h"
#include "ssh/transport.h"

// What happens beside the hosts while a loop turns.
namespace cluster::ssh {

/// Sees the signal that tells a run to end.
class SignalWatch : public Waiter {
 public:
  explicit SignalWatch(Loop& loop);
  ~SignalWatch() override;
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  void ready() override;
  void late() override {}

  /// The number of the signal that has come, 0 when none has.
  int number() const { return number_; }

 private:
  Loop& loop_;
  CaughtSignals signals_;
  int number_ = 0;
};

/// Tells a Sink when nobody reads its outlet any more, a pipe or a socket.
class OutletWatch : public Waiter {
 public:
  OutletWatch(Loop& loop, Sink& sink);
  ~OutletWatch() override;
  OutletWatch(const OutletWatch&) = delete;
  OutletWatch& operator=(const OutletWatch&) = delete;

  void ready() override;
  void late() override {}

 private:
  Loop& loop_;
  Sink& sink_;
  int file_ = -1;  // -1: not watched
};

/// Wakes the loop a few times a second, where the Sink wants that.
class Ticker : public Waiter {
 public:
  Ticker(Loop& loop, const Sink& sink);
  ~Ticker() override;
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  void ready() override {}
  void late() override;

  /// True once for each time that it has woken the loop.
  bool take();

 private:
  Loop& loop_;
  bool is_due_ = false;
};

}  // namespace cluster::ssh
