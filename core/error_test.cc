#include "core/error.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(Error, KeepsItsFaultAndItsMessage) {
  const Error error(Fault::exists, "host 'n1' is in the inventory already");
  EXPECT_EQ(error.fault(), Fault::exists);
  EXPECT_STREQ(error.what(), "host 'n1' is in the inventory already");
}

TEST(ExitStatus, TellsWrongUsageAndHostsOutOfReachFromTheRest) {
  EXPECT_EQ(exit_status(Fault::usage), 2);
  EXPECT_EQ(exit_status(Fault::unreachable), 3);
  for (const auto fault : {Fault::not_found, Fault::exists, Fault::refused, Fault::io}) {
    EXPECT_EQ(exit_status(fault), 1);
  }
}

}  // namespace
}  // namespace cluster
