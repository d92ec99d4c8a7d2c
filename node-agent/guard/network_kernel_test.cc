#include <unistd.h>

#include <bit>

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
  for (const auto* type : {"3", "271", "290", "804", "820"}) {
    set(kCard / "type", type);
    EXPECT_THAT(why(), HasSubstr("network: network card 'eth1' is up on a")) << type;
  }
  for (const auto* type : {"1", "32", "519", "65534"}) {
    set(kCard / "type", type);
    EXPECT_EQ(why(), "nothing") << type;
  }
  set(kCard / "type", "280");
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

// The targets with which netconsole was loaded are not in configfs.
class GuardBootConsole : public GuardNetworkKernel {
 protected:
  GuardBootConsole() {
    set(kCard / "address", "02:00:00:00:00:01");
    proc_.file("consoles", "tty0   -WU (EC  p  )    4:1\nnetcon0   -W- (E    p a)\n");
  }
};

TEST_F(GuardBootConsole, GoesOverTheCardOfTheCommandLine) {
  for (const auto* target :
       {"6665@10.0.0.2/eth1,6666@10.0.0.1/", "+@/eth1,@10.0.0.1/",
        "\"@/eth0,@10.0.0.1/;@/eth1,@/\"", "@10.0.0.2/02:00:00:00:00:01,@10.0.0.1/"}) {
    for (const auto* key : {"netconsole=", "netconsole.netconsole="}) {
      proc_.file("cmdline", "root=/dev/sda1 " + std::string(key) + target + " quiet\n");
      EXPECT_EQ(why(),
                "network: the kernel writes its console over network card 'eth1' (netconsole= of "
                "its command line); boot without that")
          << target;
    }
  }
}

TEST_F(GuardBootConsole, GoesOverNoOtherCardThanTheOneThatIsTold) {
  for (const auto* target : {"@/eth0,@10.0.0.1/", "@/eth11,@10.0.0.1/", "@10.0.0.2/,@10.0.0.1/eth1",
                             "@10.0.0.2/02:00:00:00:00:02,@10.0.0.1/"}) {
    proc_.file("cmdline", "netconsole=" + std::string(target) + "\n");
    EXPECT_EQ(why(), "nothing") << target;
  }
  proc_.file("cmdline", "\n");
  set_root("kernel/config/netconsole/log1/dev_name", "eth0");
  set_root("kernel/config/netconsole/log1/enabled", "1");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardBootConsole, MayGoOverAnyCardThatIsUpWhereNothingTells) {
  EXPECT_EQ(why(),
            "network: the kernel writes its console over the network (netconsole) and tells not by "
            "which card: it may be 'eth1'; rmmod netconsole");
  set(kCard / "flags", "0x1002");
  EXPECT_EQ(why(), "nothing");
  set(kCard / "flags", "0x1003");
  proc_.file("consoles", "tty0   -WU (EC  p  )    4:1\n").file("cmdline", "netconsole=@/eth1,@/\n");
  EXPECT_EQ(why(), "nothing") << "the module is not loaded any more";
}

TEST_F(GuardNetworkKernel, HasDisksOfNvmeThatNameIt) {
  struct Case {
    const char* address;
    bool ours;
  };
  for (const auto& one : {Case{"traddr=fe80::2%eth1,trsvcid=4420", true},
                          Case{"traddr=10.0.0.2,trsvcid=4420,host_iface=eth1", true},
                          Case{"traddr=10.0.0.2,trsvcid=4420,host_iface=eth10", false},
                          Case{"traddr=fe80::2%eth0,trsvcid=4420,host_iface=eth0", false},
                          Case{"0000:01:00.0", false}}) {
    set_root("class/nvme/nvme3/address", one.address);
    EXPECT_EQ(why(), one.ours ? "network: network card 'eth1' carries the disks of 'nvme3' (NVMe "
                                "over fabrics); unmount them, then nvme disconnect -d nvme3"
                              : "nothing")
        << one.address;
  }
}

// Every interface gives itself a link-local address; a connection from it tells that it is used.
TEST_F(GuardNetworkKernel, HasAConnectionFromItsLinkLocalAddress) {
  proc_.file("net/if_inet6", "fe80000000000000000000fffe000001 07 40 20 80     eth1\n");
  const std::string idle = "  sl  local_address remote_address st\n   0: " + std::string(32, '0') +
                           ":0016 " + std::string(32, '0') + ":0000 0A 0:0\n";
  proc_.file("net/tcp6", idle);
  EXPECT_EQ(why(), "nothing");
  constexpr bool kLittle = std::endian::native == std::endian::little;
  const std::string local =
      kLittle ? "000080FE00000000FF000000010000FE" : "FE80000000000000000000FFFE000001";
  const std::string remote =
      kLittle ? "000080FE00000000FF000000020000FE" : "FE80000000000000000000FFFE000002";
  const auto line = [&](const std::string& from, const std::string& state) {
    return idle + "   1: " + from + ":C350 " + remote + ":2A39 " + state + " 0:0 00:00 0\n";
  };
  proc_.file("net/tcp6", line(local, "01"));
  EXPECT_THAT(why(),
              HasSubstr("network: network card 'eth1' carries a connection to fe80::ff:fe00:2 "
                        "from its link-local address; end it: ss -tnp"));
  proc_.file("net/tcp6", line(local, "06"));
  EXPECT_EQ(why(), "nothing") << "it has ended";
  proc_.file("net/tcp6", line(remote, "01"));
  EXPECT_EQ(why(), "nothing") << "it is from another interface";
}

// Who is not root does not see every network namespace, and what is built on a card there.
TEST_F(GuardNetworkKernel, MayBeUsedInANamespaceThatIsHidden) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  proc_.process(900, "containerd-shim");
  std::filesystem::create_directories(proc_.root() / "900/ns");
  for (const auto& folder : {proc_.root(), fake_.root()}) {
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
  }
  std::filesystem::permissions(proc_.root() / "900/ns", std::filesystem::perms(0));
  constexpr auto* kWords =
      "only root sees what other network namespaces have built on network card 'eth1'; run gpupci "
      "as root";
  EXPECT_EQ(why(), "nothing");
  ASSERT_EQ(::seteuid(65534), 0);
  const auto seen = why();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_THAT(seen, HasSubstr(kWords));
  set(kCard / "flags", "0x1002");
  ASSERT_EQ(::seteuid(65534), 0);
  const auto down = why();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_THAT(down, ::testing::Not(HasSubstr(kWords)));
}

}  // namespace
}  // namespace cluster::agent
