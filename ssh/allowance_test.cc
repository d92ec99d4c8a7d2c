#include "ssh/allowance.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace cluster::ssh {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto kNever = Allowance::Time::max();

TEST(Allowance, PassesWhileSomebodyWaits) {
  const auto before = Steady::now();
  Allowance allowance(std::chrono::seconds(30));
  EXPECT_GE(allowance.until(), before + std::chrono::seconds(30));
  EXPECT_LE(allowance.until(), Steady::now() + std::chrono::seconds(30));
  EXPECT_FALSE(allowance.is_over());
}

TEST(Allowance, StandsStillMeanwhile) {
  Allowance allowance(std::chrono::seconds(30));
  const auto first = allowance.until();
  {
    const Pause pause(allowance);
    const Pause another(allowance);
    EXPECT_EQ(allowance.until(), kNever);
    EXPECT_FALSE(allowance.is_over());
  }
  EXPECT_GT(allowance.until(), first);
  EXPECT_LE(allowance.until(), Steady::now() + std::chrono::seconds(30));
}

TEST(Allowance, TellsWhoWaitsThatItPassesAgain) {
  Allowance allowance(std::chrono::seconds(30));
  pollfd news{allowance.news(), POLLIN, 0};
  allowance.pause();
  EXPECT_EQ(poll(&news, 1, 0), 0);
  allowance.resume();
  EXPECT_EQ(poll(&news, 1, 0), 1);
  allowance.take_news();
  EXPECT_EQ(poll(&news, 1, 0), 0);
}

TEST(Allowance, MayBecomeShorterAndNeverLonger) {
  Allowance allowance(std::chrono::seconds(30));
  allowance.pause();
  allowance.resume(std::chrono::hours(1));
  EXPECT_LE(allowance.until(), Steady::now() + std::chrono::seconds(30));
  allowance.pause();
  allowance.resume(std::chrono::seconds(0));
  EXPECT_TRUE(allowance.is_over());
}

TEST(Allowance, OfNothingIsWithoutEnd) {
  Allowance allowance(std::chrono::seconds(0));
  EXPECT_EQ(allowance.until(), kNever);
  allowance.pause();
  allowance.resume();
  EXPECT_EQ(allowance.until(), kNever);
  allowance.pause();
  allowance.resume(std::chrono::seconds(0));
  EXPECT_TRUE(allowance.is_over());
}

}  // namespace
}  // namespace cluster::ssh
