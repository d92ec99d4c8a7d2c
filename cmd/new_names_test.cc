#include "cmd/new_names.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace cluster::cmd {
namespace {

using ::testing::ElementsAre;

TEST(CountingAddresses, CountOverTheEndOfAnOctet) {
  EXPECT_THAT(counting_addresses("10.0.0.254", 3),
              ElementsAre("10.0.0.254", "10.0.0.255", "10.0.1.0"));
  EXPECT_THAT(counting_addresses("fd00::ffff", 2), ElementsAre("fd00::ffff", "fd00::1:0"));
  EXPECT_THAT(counting_addresses("login.example", 1), ElementsAre("login.example"));
}

TEST(CountingAddresses, ARangeNamesThemAll) {
  EXPECT_THAT(counting_addresses("10.0.[1-2].7", 2), ElementsAre("10.0.1.7", "10.0.2.7"));
  EXPECT_THAT(counting_addresses("n[08-09].x", 2), ElementsAre("n08.x", "n09.x"));
}

TEST(CountingAddresses, RefuseWhatDoesNotReach) {
  EXPECT_THROW(counting_addresses("255.255.255.254", 3), Error);
  EXPECT_THROW(counting_addresses("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2), Error);
  EXPECT_THROW(counting_addresses("127.255.255.254", 3), Error);
  EXPECT_THROW(counting_addresses("fd00::ffff:ffff:ffff:ffff", 2), Error);
  EXPECT_THROW(counting_addresses("10.0.0.[1-3]", 2), Error);
  EXPECT_THROW(counting_addresses("login.example", 2), Error);
}

}  // namespace
}  // namespace cluster::cmd
