#include "frontend/hosts/guest_address.h"

#include <gmock/gmock.h>

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

constexpr const char* kDocument = "<interface><mac address='52:54:00:00:00:0A'/></interface>";

TEST(GuestAddress, IsOfTheInterfacesThatTheVmWasGiven) {
  EXPECT_THAT(reachable({{{"02:42:ac:11:00:01", "172.17.0.1"},
                          {"52:54:00:00:00:0a", "fe80::1"},
                          {"52:54:00:00:00:0a", "fd00::5"},
                          {"52:54:00:00:00:0a", "10.1.0.5"},
                          {"52:54:00:00:00:0a", "10.1.0.5"}},
                         "agent"},
                        kDocument),
              ElementsAre("10.1.0.5", "fd00::5"));
}

// Windows gives an interface without DHCP an address of its own choice.
TEST(GuestAddress, IsNoneThatTheGuestChoseForItself) {
  EXPECT_THAT(reachable({{{"52:54:00:00:00:0a", "169.254.17.3"},
                          {"52:54:00:00:00:0a", "fe80::1%12"},
                          {"52:54:00:00:00:0a", "10.1.0.5"}},
                         "agent"},
                        kDocument),
              ElementsAre("10.1.0.5"));
  EXPECT_THAT(
      reachable({{{"52:54:00:00:00:0a", "169.254.17.3"}, {"", "172.17.0.1"}}, "agent"}, kDocument),
      ElementsAre());
}

TEST(GuestAddress, OfAnInterfaceThatIsNotInTheDocumentIsBetterThanNone) {
  EXPECT_THAT(reachable({{{"02:00:00:00:00:01", "10.1.0.5"}}, "agent"}, kDocument),
              ElementsAre("10.1.0.5"));
  EXPECT_THAT(reachable({{{"", "10.1.0.5"}}, "arp"}, ""), ElementsAre("10.1.0.5"));
  EXPECT_THAT(reachable({}, kDocument), ElementsAre());
}

}  // namespace
}  // namespace cluster::frontend
