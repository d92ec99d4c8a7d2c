#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

// A network card that is up and has no address: the kernel may use it all the same.
class GuardNetworkKernel : public GuardedCard {
 protected:
  GuardNetworkKernel() {
    fake_.add_card("0000:02:00", 3, 13);
    set(kCard / "flags", "0x1003");
    set(kCard / "ifindex", "7");
    set(kCard / "type", "1");
  }

  void set_root(const std::filesystem::path& file, const std::string& text) {
    replace_file(fake_.root() / file, text + "\n");
  }

  const std::filesystem::path kCard = "0000:02:00.2/usb2/2-1/2-1:2.0/net/eth1";
};

TEST_F(GuardNetworkKernel, IsNotTheNetworkOfTheHostAlone) { EXPECT_EQ(why(), "nothing"); }

// ATA over Ethernet needs no address: a root disk may come over a card that looks idle.
TEST_F(GuardNetworkKernel, HasADiskOverEthernet) {
  set_root("block/etherd!e0.3/netif", "eth1");
  EXPECT_EQ(why(),
            "network: network card 'eth1' carries the disk '/dev/etherd/e0.3' (ATA over Ethernet); "
            "unmount it, then aoe-flush e0.3");
  EXPECT_EQ(why({"network"}), "nothing");
}

TEST_F(GuardNetworkKernel, HasADiskOverOneOfSeveralCards) {
  struct Case {
    const char* netif;
    bool ours;
  };
  for (const auto& one : {Case{"eth0,eth1", true}, Case{"eth1,eth0", true}, Case{"eth0", false},
                          Case{"eth10", false}, Case{"none", false}, Case{"", false}}) {
    set_root("block/etherd!e0.3/netif", one.netif);
    EXPECT_EQ(why() != "nothing", one.ours) << one.netif;
  }
  set_root("block/etherd!e0.3/netif", "eth0");
  set_root("block/sda/netif", "eth1");
  EXPECT_EQ(why(), "nothing") << "no disk of that kind";
}

TEST_F(GuardNetworkKernel, HasADiskOverWhatIsBuiltOnTheCard) {
  set(kCard / "upper_v9/flags", "0x1002");
  set_root("block/etherd!e0.3/netif", "v9");
  EXPECT_THAT(why(), HasSubstr("network card 'eth1' (by 'v9') carries the disk"));
}

TEST_F(GuardNetworkKernel, HasItsConsoleThere) {
  const std::filesystem::path target = "kernel/config/netconsole/log1";
  set_root(target / "dev_name", "eth1");
  set_root(target / "enabled", "1");
  EXPECT_EQ(why(),
            "network: the kernel writes its console over network card 'eth1' (netconsole); echo 0 "
            ">/sys/kernel/config/netconsole/log1/enabled");
  set_root(target / "enabled", "0");
  EXPECT_EQ(why(), "nothing");
  set_root(target / "enabled", "1");
  set_root(target / "dev_name", "eth0");
  EXPECT_EQ(why(), "nothing");
}

// ARPHRD_CAN is 280; on such a network nobody has an address.
TEST_F(GuardNetworkKernel, HasACanBusThatIsUp) {
  set(kCard / "type", "280");
  EXPECT_EQ(why(), "network: network card 'eth1' is up on a CAN bus; ip link set eth1 down");
  set(kCard / "flags", "0x1002");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardNetworkKernel, HasAProtocolThere) {
  struct Case {
    const char* line;
    bool ours;
  };
  for (const auto& one : {
           Case{"8906 eth1     fcoe_rcv [fcoe]", true},
           Case{"88ca eth1     tipc_l2_rcv_msg [tipc]", true},
           Case{"4305 eth1     batadv_batman_skb_recv [batman_adv]", true},
           Case{"8906 eth0     fcoe_rcv [fcoe]", false},
           Case{"0800          ip_rcv", false},
           Case{"88a2          aoenet_rcv [aoe]", false},
           Case{"ALL  eth1     packet_rcv", false},
           Case{"ALL  eth1     tpacket_rcv [af_packet]", false},
           Case{"0003 eth1     packet_rcv_fanout [af_packet]", false},
           Case{"Type Device      Function", false},
       }) {
    proc_.file("net/ptype", std::string(one.line) + "\n");
    EXPECT_EQ(why() != "nothing", one.ours) << one.line;
  }
}

// What does not tell whether it is up may be up.
TEST_F(GuardNetworkKernel, CountsACardWithoutFlagsByItsState) {
  std::filesystem::remove(fake_.root() / "bus/pci/devices" / kCard / "flags");
  proc_.file("net/if_inet6", "20010db8000000000000000000000005 07 40 00 80     eth1\n");
  EXPECT_THAT(why(), HasSubstr("'eth1' is up with the address 2001:db8::5"));
  set(kCard / "operstate", "unknown");
  EXPECT_THAT(why(), HasSubstr("'eth1' is up with the address"));
  set(kCard / "operstate", "down");
  EXPECT_EQ(why(), "nothing");
}

// Eight are the most that a host stacks, and a loop of links has no end.
TEST_F(GuardNetworkKernel, FollowsAStackToItsTop) {
  auto folder = kCard;
  for (int depth = 1; depth < 8; ++depth) {
    folder /= "upper_s" + std::to_string(depth);
    set(folder / "flags", "0x1002");
  }
  proc_.file("net/ipv6_route", std::string(32, '0') + " 00 " + std::string(32, '0') + " 00 " +
                                   "fe80 00000400 1 0 00000003      s7\n");
  EXPECT_THAT(why(), HasSubstr("network card 'eth1' (by 's7') has the default route"));
}

TEST_F(GuardNetworkKernel, NamesTheFirstReasonOfOneInterfaceOnly) {
  ssh_connection_ = "10.9.0.77 50000 10.9.0.2 22";
  proc_.file("net/fib_trie",
             "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.9.0.2\n        /32 host LOCAL\n");
  proc_.file("net/route",
             "eth1\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
             "eth1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
  EXPECT_EQ(why(),
            "network: this call comes over network card 'eth1' (10.9.0.2); come over another one");
  ssh_connection_ = "";
  EXPECT_EQ(why(),
            "network: network card 'eth1' has the default route of the host; route over another "
            "one first");
}

TEST_F(GuardNetworkKernel, TakesNoHalfConnectionForACall) {
  proc_.file("net/if_inet6", "20010db8000000000000000000000005 07 40 00 80     eth1\n");
  for (const auto* odd : {"", "2001:db8::5", "a b 2001:db8::5", "a b 2001:db8::5 22 x", "   "}) {
    ssh_connection_ = odd;
    EXPECT_THAT(why(), HasSubstr("is up with the address")) << odd;
  }
  ssh_connection_ = "a b 2001:db8::5 22";
  EXPECT_THAT(why(), HasSubstr("this call comes over"));
}

}  // namespace
}  // namespace cluster::agent
