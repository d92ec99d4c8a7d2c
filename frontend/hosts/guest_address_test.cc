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

// The agent in a guest says what the guest likes.
TEST(GuestAddress, IsAnAddress) {
  const auto told = [](const std::string& address) {
    return reachable({{{"52:54:00:00:00:0a", address}}, "agent"}, kDocument);
  };
  for (const char* other : {"", "-oProxyCommand=touch /tmp/x", "host.example.org", "10.1.0.5 ",
                            "10.1.0.5\x1b[2J", "10.1.0", "%1"}) {
    EXPECT_THAT(told(other), ElementsAre()) << other;
  }
}

TEST(GuestAddress, IsSoughtInDocumentsOfAnyForm) {
  const virt::ToldAddresses told{
      {{"52:54:00:00:00:0a", "10.1.0.5"}, {"02:42:ac:11:00:01", "172.17.0.1"}}, "agent"};
  const std::string document = kDocument;
  EXPECT_THAT(reachable(told, document + std::string(100, 'x')), ElementsAre("10.1.0.5"));
  EXPECT_THAT(reachable(told, "'a'" + document + "'"), ElementsAre("10.1.0.5"));
  for (const char* other : {"'", "'52:54:00:00:00:0a", "52:54:00:00:00:0a'", "'52:54:00:00:00:0'",
                            "'x52:54:00:00:00:0a'"}) {
    EXPECT_THAT(reachable(told, other), ElementsAre("10.1.0.5", "172.17.0.1")) << other;
  }
}

TEST(GuestAddress, AGuestHasNotAnyNumberOfThem) {
  virt::ToldAddresses told{{}, "agent"};
  for (int i = 0; i < 10'000; ++i) {
    told.addresses.push_back(
        {"52:54:00:00:00:0a", "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250)});
  }
  EXPECT_EQ(reachable(told, kDocument).size(), 256U);
}

}  // namespace
}  // namespace cluster::frontend
