#include "frontend/rolls/checked_rolls.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

class CheckedRolls : public ::testing::Test {
 protected:
  CheckedRolls() {
    for (const auto* name : {"a", "b"})
      inventory_.add_roll({name, "1", "any", false, std::string(64, '0')});
  }

  TempDir folder_;
  std::string file_ = folder_.path() / "cluster.db";
  Inventory inventory_{file_, Inventory::Open::create};
  Inventory other_{file_, Inventory::Open::existing};  // another frontend
};

// Of two that would each refuse the other, only one may be enabled, however they meet.
TEST_F(CheckedRolls, WhatAnotherFrontendEnablesMeanwhileIsSeen) {
  int checks = 0;
  const auto enable = [&] {
    on_checked_rolls(
        inventory_, "enable roll",
        [&] {
          for (const auto& roll : inventory_.rolls()) {
            if (roll.enabled) throw Error(Fault::refused, "a and " + roll.name + " clash");
          }
          if (++checks == 1) other_.enable_roll("b", "1");
        },
        [&] { inventory_.enable_roll("a", "1"); });
  };
  EXPECT_THROW(enable(), Error);
  EXPECT_EQ(checks, 1);
  EXPECT_FALSE(inventory_.rolls()[0].enabled);
  EXPECT_TRUE(inventory_.rolls()[1].enabled);
}

TEST_F(CheckedRolls, ActsOnceWhenNobodyElseDoes) {
  int acts = 0;
  on_checked_rolls(
      inventory_, "enable roll", [] {}, [&] { ++acts; });
  EXPECT_EQ(acts, 1);
}

TEST_F(CheckedRolls, DoesNotGoOnForEver) {
  bool enabled = false;
  const auto never = [&] {
    on_checked_rolls(
        inventory_, "enable roll",
        [&] {
          enabled = !enabled;
          if (enabled) {
            other_.enable_roll("b", "1");
          } else {
            other_.disable_roll("b", "1");
          }
        },
        [] { FAIL() << "the rolls are others by now"; });
  };
  EXPECT_THROW(never(), Error);
}

}  // namespace
}  // namespace cluster::frontend
