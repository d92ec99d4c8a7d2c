#include "ssh/penalties.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

TEST(Penalties, AreTakenForACrowdAtFirst) {
  Penalties penalties;
  for (int tries = 1; tries < Penalties::kTriesToTell; ++tries) {
    EXPECT_EQ(penalties.judge("gw", tries), Refusal::momentary);
  }
  EXPECT_TRUE(penalties.empty());
  EXPECT_EQ(penalties.judge("gw", Penalties::kTriesToTell), Refusal::penalty);
  EXPECT_TRUE(penalties.turn_away("gw"));
  EXPECT_FALSE(penalties.turn_away("n1"));
}

TEST(Penalties, AreNoneWhereSomebodyComesIn) {
  Penalties penalties;
  EXPECT_EQ(penalties.judge("gw", Penalties::kTriesToTell), Refusal::penalty);
  penalties.let_in("gw");  // who was on the way
  EXPECT_FALSE(penalties.turn_away("gw"));
  EXPECT_EQ(penalties.judge("gw", 2 * Penalties::kTriesToTell), Refusal::momentary);
  EXPECT_FALSE(penalties.has_to_knock("gw", Penalties::kTriesToTell));
}

TEST(Penalties, AreListenedForOnceAtADoor) {
  Penalties penalties;
  EXPECT_FALSE(penalties.has_to_knock("gw", Penalties::kTriesToTell - 1));
  EXPECT_TRUE(penalties.has_to_knock("gw", Penalties::kTriesToTell));
  EXPECT_FALSE(penalties.has_to_knock("gw", Penalties::kTriesToTell));
  EXPECT_TRUE(penalties.has_to_knock("other", Penalties::kTriesToTell));
}

}  // namespace
}  // namespace cluster::ssh
