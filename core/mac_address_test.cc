#include "core/mac_address.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

constexpr const char* kUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";

TEST(MacAddress, HasOneSpelling) {
  EXPECT_EQ(MacAddress::parse("52:54:00:AB:cd:0F").str(), "52:54:00:ab:cd:0f");
  EXPECT_EQ(MacAddress::parse("52:54:00:AB:CD:0F"), MacAddress::parse("52:54:00:ab:cd:0f"));
}

TEST(MacAddress, RefusesWhatIsNone) {
  for (const auto* bad :
       {"", "52:54:00:ab:cd", "52:54:00:ab:cd:0f:00", "52-54-00-ab-cd-0f", "52:54:0:ab:cd:0f",
        "52:54:00:ab:cd:0g", "52:54:00:ab:cd:+f", "52:54:00:ab:cd: f", "00:00:00:00:00:00",
        "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"}) {
    EXPECT_THROW(MacAddress::parse(bad), Error) << bad;
  }
}

// An address stays as it was given once: if the rule changed, an upgrade would give a guest another
// address.
TEST(MacAddress, IsMadeTheSameForEver) {
  EXPECT_EQ(MacAddress::made_of(kUuid, "eth0", 0).str(), "52:54:00:a5:b1:7a");
  EXPECT_EQ(MacAddress::made_of(kUuid, "eth1", 0).str(), "52:54:00:14:f7:82");
  EXPECT_EQ(MacAddress::made_of(kUuid, "eth0", 1).str(), "52:54:00:aa:b3:25");
}

}  // namespace
}  // namespace cluster
