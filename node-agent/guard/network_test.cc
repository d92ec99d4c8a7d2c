#include "node-agent/guard/guard.h"
#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

class GuardNetwork : public GuardedCard {};

TEST_F(GuardNetwork, NameTheNetworkThatNeedsIt) {
  settings_.vendors = {0x8086};
  settings_.classes = {0x0200};
  fake_.add({"0000:02:00.0", "0200", "8086:100e", "e1000", 13});
  set("0000:02:00.0/net/eth1/mtu", "1500");
  proc_.file("net/route", "Iface\tDestination\tGateway\neth1\t0000000A\t0\t1\t0\t0\t0\t00FFFFFF\n");
  proc_.file("net/ipv6_route", std::string(32, '0') + " 00 " + std::string(32, '0') + " 00 " +
                                   std::string(32, '0') + " ffffffff 1 0 00200200       lo\n");
  EXPECT_EQ(why(), "nothing");

  proc_.file("net/route",
             "Iface\tDestination\neth1\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n");
  EXPECT_EQ(
      why(),
      "network: network card 'eth1' has the default route of the host; route over another one "
      "first");
  proc_.file("net/route", "");
  const auto bridge = fake_.root() / "class/net/br0";
  std::filesystem::create_directories(bridge);
  std::filesystem::create_symlink(bridge,
                                  fake_.root() / "bus/pci/devices/0000:02:00.0/net/eth1/master");
  EXPECT_EQ(why(), "network: network card 'eth1' belongs to 'br0'; ip link set eth1 nomaster");
  std::filesystem::create_symlink(bridge,
                                  fake_.root() / "bus/pci/devices/0000:02:00.0/net/eth1/upper_br0");
  proc_.file("net/ipv6_route", std::string(32, '0') + " 00 " + std::string(32, '0') + " 00 " +
                                   "fe80 00000400 1 0 00000003      br0\n");
  EXPECT_THAT(why(), HasSubstr("network card 'eth1' (by 'br0') has the default route"));
  EXPECT_EQ(why({"network"}), "nothing");
}

TEST_F(GuardNetwork, QuotesTheNamesOfInterfaces) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/net/a'b/mtu", "1500");
  std::filesystem::create_symlink("../x;y",
                                  fake_.root() / "bus/pci/devices/0000:02:00.0/net/a'b/master");
  EXPECT_EQ(why(),
            "network: network card 'a\\x27b' belongs to 'x;y'; ip link set 'a'\\''b' nomaster");
}

TEST_F(GuardNetwork, LooksAtEveryFunctionAndAtWhatIsBuiltOnIt) {
  fake_.add_card("0000:02:00", 2, 13);
  std::filesystem::path deep = "0000:02:00.1/net/eth1";
  for (const auto* name : {"bond0", "vlan1", "br1", "tap1"}) deep /= "upper_" + std::string(name);
  set(deep / "mtu", "1500");
  const auto route = [&](const std::string& name) {
    proc_.file("net/route", name + "\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n");
    return why();
  };
  EXPECT_THAT(route("eth1"), HasSubstr("network card 'eth1' has the default route"));
  EXPECT_THAT(route("tap1"), HasSubstr("network card 'eth1' (by 'tap1') has the default route"));
  EXPECT_EQ(route("eth2"), "nothing");
}

}  // namespace
}  // namespace cluster::agent
