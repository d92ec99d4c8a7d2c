#include "node-agent/kernel/net_facts.h"

#include <gmock/gmock.h>

#include "tests/support/fake_proc.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const std::string kNoAddress(32, '0');

class Facts : public ::testing::Test {
 protected:
  NetFacts facts() const { return net_facts(proc_.root(), sysfs_.path()); }

  FakeProc proc_;
  TempDir sysfs_;
};

TEST_F(Facts, AreEmptyOnAHostWithoutNetwork) {
  EXPECT_THAT(facts().routes, IsEmpty());
  EXPECT_THAT(facts().addresses, IsEmpty());
  proc_.file("net/route", "garbage\neth0\teth0\n").file("net/packet", "x\n").file("net/pppoe", "");
  EXPECT_THAT(facts().routes, IsEmpty());
}

TEST_F(Facts, TakeHalfOfAllAddressesForADefaultRoute) {
  proc_.file("net/route",
             "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
             "tun0\t00000000\t0100000A\t3\t0\t0\t0\t00000080\t0\n"
             "tun1\t00000080\t0100000A\t3\t0\t0\t0\t00000080\t0\n"
             "eth0\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n"
             "eth1\t000000C0\t0100000A\t3\t0\t0\t0\t000000C0\t0\n");
  proc_.file("net/ipv6_route", kNoAddress + " 01 " + kNoAddress + " 00 " + kNoAddress +
                                   " 0 1 0 00000003 eth6\n" + kNoAddress + " 00 " + kNoAddress +
                                   " 00 " + kNoAddress + " ffffffff 1 0 00200200       lo\n");
  EXPECT_THAT(facts().default_routes, UnorderedElementsAre("tun0", "tun1", "eth0", "eth6"));
  EXPECT_TRUE(facts().routes.contains("eth1"));
}

TEST_F(Facts, GiveEachInterfaceItsAddresses) {
  proc_.file(
      "net/fib_trie",
      "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.9.0.0\n        /24 link UNICAST\n"
      "     |-- 10.9.0.2\n        /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n"
      "     |-- 10.9.0.255\n        /32 link BROADCAST\n");
  proc_.file("net/route",
             "eth0\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n"
             "eth1\t0000090A\t00000000\t1\t0\t0\t0\t00FFFFFF\t0\n");
  proc_.file("net/if_inet6",
             "00000000000000000000000000000001 01 80 10 80       lo\n"
             "fe800000000000000000000000000001 02 40 20 80     eth0\n"
             "20010db8000000000000000000000005 02 40 00 80     eth0\n");
  EXPECT_THAT(facts().addresses, UnorderedElementsAre(Pair("eth1", ElementsAre("10.9.0.2")),
                                                      Pair("lo", ElementsAre("::1")),
                                                      Pair("eth0", ElementsAre("2001:db8::5"))));
}

TEST_F(Facts, TellWhoListensBelowIp) {
  proc_.file("net/packet",
             "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
             "0000000000000000 3      3    0003   7     1 0      0      4711\n"
             "0000000000000000 3      3    0003   0     1 0      0      4712\n");
  proc_.file("net/pppoe",
             "Id       Address              Device\n00000001 02:00:00:00:00:01   eth1\n");
  proc_.file("net/ptype",
             "Type Device      Function\nALL  eth2     tpacket_rcv\nALL           packet_rcv\n"
             "88ca eth1     tipc_l2_rcv_msg [tipc]\n86dd          ipv6_rcv\n"
             "8914          x_rcv [x]\n4305 eth3     batadv_batman_skb_recv\n");
  EXPECT_THAT(facts().protocols,
              ElementsAre(Pair("eth1", "tipc_l2_rcv_msg"), Pair("eth3", "batadv_batman_skb_recv")));
  EXPECT_THAT(facts().packet, ElementsAre(Pair(7U, "4711")));
  EXPECT_THAT(facts().pppoe, ElementsAre("eth1"));
}

}  // namespace
}  // namespace cluster::agent
