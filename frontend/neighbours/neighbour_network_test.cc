#include "frontend/neighbours/neighbour_network.h"

#include <gmock/gmock.h>

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

NeighbourNetwork network_called(const std::string& theirs) {
  return {theirs, Subnet::parse("10.1.0.0/16"), 3};
}

TEST(ANeighboursNetwork, HasANameThatOneMayHaveHere) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"private", "private"}, {"IB0", "ib0"},      {"a-b", "a-b"},       {"a b/c", "a_b_c"},
      {"10_1", "net-10_1"},   {"_x", "net-_x"},    {"2.5G", "net-2_5g"}, {"ü", "net-__"},
      {"-", "net--"},         {"eth0.7", "eth0_7"}};
  for (const auto& [theirs, ours] : rows) EXPECT_EQ(network_called(theirs).name(), ours) << theirs;
}

struct NetworkValue {
  const char* key;
  const char* value;
  bool is_taken;
};

TEST(ANeighboursNetwork, TakesWhatANetworkCanHave) {
  for (const auto& [key, value, is_taken] :
       {NetworkValue{"gateway", "10.1.255.254", true}, NetworkValue{"gateway", "10.2.0.1", false},
        NetworkValue{"gateway", "gate", false}, NetworkValue{"gateway", "fd00::1", false},
        NetworkValue{"gateway", "", false}, NetworkValue{"mtu", "67", false},
        NetworkValue{"mtu", "68", true}, NetworkValue{"mtu", "65535", true},
        NetworkValue{"mtu", "65536", false}, NetworkValue{"mtu", "1500 ", false},
        NetworkValue{"mtu", "-1500", false}, NetworkValue{"vlan", "0", false},
        NetworkValue{"vlan", "1", true}, NetworkValue{"vlan", "4094", true},
        NetworkValue{"vlan", "4095", false}, NetworkValue{"dnszone", "a.example", true},
        NetworkValue{"netmask", "255.255.0.0", false}, NetworkValue{"", "", false}}) {
    EXPECT_EQ(network_called("a").take(key, value), is_taken) << key << "=" << value;
  }
}

TEST(ANeighboursNetwork, OfIpv6HasAGatewayOfIpv6) {
  NeighbourNetwork network("six", Subnet::parse("fd00::/64"), 1);
  EXPECT_FALSE(network.take("gateway", "fd01::1"));
  EXPECT_TRUE(network.take("gateway", "fd00::1"));
  EXPECT_THAT(network.command().words,
              ElementsAre("add", "network", "six", "fd00::/64", "gateway=fd00::1"));
}

TEST(ANeighboursNetwork, HasTheFirstOfTwoValues) {
  auto network = network_called("a");
  EXPECT_TRUE(network.take("mtu", "9000"));
  EXPECT_TRUE(network.take("mtu", "9000")) << "said again, it is no other";
  EXPECT_FALSE(network.take("mtu", "1500"));
  EXPECT_THAT(network.command().words,
              ElementsAre("add", "network", "a", "10.1.0.0/16", "mtu=9000"));
}

TEST(ANeighboursNetwork, IsACommandOfTheLineWhereItWasMade) {
  auto network = network_called("a");
  for (const auto& [key, value] :
       {std::pair("vlan", "7"), {"gateway", "10.1.0.1"}, {"vlan", "0"}}) {
    network.take(key, value);
  }
  EXPECT_THAT(network.command().words,
              ElementsAre("add", "network", "a", "10.1.0.0/16", "gateway=10.1.0.1", "vlan=7"));
  EXPECT_EQ(network.command().line, 3);
}

}  // namespace
}  // namespace cluster::frontend
