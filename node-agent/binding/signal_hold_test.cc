#include "node-agent/binding/signal_hold.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace cluster::agent {
namespace {

volatile std::sig_atomic_t caught = 0;

void count(int /*number*/) { caught = caught + 1; }

class Signals : public ::testing::TestWithParam<int> {
 protected:
  Signals() {
    caught = 0;
    before_ = std::signal(GetParam(), count);
  }
  ~Signals() override { std::signal(GetParam(), before_); }

  void (*before_)(int) = nullptr;
};

TEST_P(Signals, AreObeyedAfterTheHoldNotDuringIt) {
  {
    const SignalHold hold;
    std::raise(GetParam());
    EXPECT_EQ(caught, 0);
  }
  EXPECT_EQ(caught, 1);
}

TEST_P(Signals, AreHeldUntilTheOuterHoldEnds) {
  {
    const SignalHold outer;
    {
      const SignalHold inner;
      std::raise(GetParam());
    }
    EXPECT_EQ(caught, 0);
  }
  EXPECT_EQ(caught, 1);
}

TEST_P(Signals, AreSeenWhileTheyAreHeld) {
  const SignalHold hold;
  EXPECT_FALSE(SignalHold::pending());
  std::raise(GetParam());
  EXPECT_TRUE(SignalHold::pending());
}

// As under nohup(1).
TEST_P(Signals, AreNotSeenWhenTheyAreIgnored) {
  std::signal(GetParam(), SIG_IGN);
  {
    const SignalHold hold;
    std::raise(GetParam());
    EXPECT_FALSE(SignalHold::pending());
  }
  std::signal(GetParam(), count);
}

INSTANTIATE_TEST_SUITE_P(OfASession, Signals, ::testing::Values(SIGHUP, SIGINT, SIGTERM));

class OtherSignals : public Signals {};

TEST_P(OtherSignals, ComeThrough) {
  const SignalHold hold;
  std::raise(GetParam());
  EXPECT_EQ(caught, 1);
}

INSTANTIATE_TEST_SUITE_P(OfTheProgram, OtherSignals, ::testing::Values(SIGUSR1, SIGCHLD));

}  // namespace
}  // namespace cluster::agent
