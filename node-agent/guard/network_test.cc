#include <map>

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
  proc_.file("net/route", "Iface\tDestination\tGateway\neth2\t00000000\t0\t1\t0\t0\t0\t00000000\n");
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
  for (const auto* name : {"bond0", "vlan1", "br1", "tap1"}) {
    deep /= "upper_" + std::string(name);
    set(deep / "flags", "0x1002");
  }
  const auto route = [&](const std::string& name) {
    proc_.file("net/route", name + "\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n");
    return why();
  };
  EXPECT_THAT(route("eth1"), HasSubstr("network card 'eth1' has the default route"));
  EXPECT_THAT(route("tap1"), HasSubstr("network card 'eth1' (by 'tap1') has the default route"));
  EXPECT_EQ(route("eth2"), "nothing");
}

// A card whose third function is a USB controller with a network card.
class GuardUsbNetwork : public GuardNetwork {
 protected:
  GuardUsbNetwork() {
    fake_.add_card("0000:02:00", 3, 13);
    set(kCard / "flags", "0x1003");
    set(kCard / "ifindex", "7");
    bind(kDevice, "cdc_ether");
  }

  void bind(const std::filesystem::path& device, const std::string& driver) {
    std::filesystem::create_symlink("../drivers/" + driver,
                                    fake_.root() / "bus/pci/devices" / device / "driver");
  }
  void live_in(const std::string& process, const std::string& space) {
    std::filesystem::create_directories(proc_.root() / process / "ns");
    std::filesystem::create_symlink("net:[" + space + "]", proc_.root() / process / "ns/net");
  }
  // 10.9.0.2/24 of usb0, with the route to its network.
  void give_address() {
    proc_.file("net/fib_trie",
               "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.9.0.2\n        /32 host LOCAL\n");
    proc_.file("net/route", "usb0\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
  }

  const std::filesystem::path kDevice = "0000:02:00.2/usb2/2-1/2-1:2.0";
  const std::filesystem::path kCard = kDevice / "net/usb0";
};

TEST_F(GuardUsbNetwork, LetsACardGoThatIsUpWithoutAnything) {
  EXPECT_EQ(why(), "nothing");
  proc_.file("net/if_inet6", "fe800000000000000000000000000001 07 40 20 80     usb0\n");
  proc_.file("net/ipv6_route", "fe800000000000000000000000000000 40 " + std::string(32, '0') +
                                   " 00 " + std::string(32, '0') + " 0 1 0 00000001     usb0\n");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardUsbNetwork, NamesItsDefaultRoute) {
  proc_.file("net/route", "usb0\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n");
  EXPECT_THAT(why(), HasSubstr("network: network card 'usb0' has the default route of the host"));
  proc_.file("net/route", "usb0\t00000080\t0100000A\t3\t0\t0\t0\t00000080\t0\n");
  EXPECT_THAT(why(), HasSubstr("network: network card 'usb0' has the default route of the host"));
  EXPECT_EQ(why({"network"}), "nothing");
}

TEST_F(GuardUsbNetwork, NamesItsAddress) {
  give_address();
  EXPECT_EQ(why(),
            "network: network card 'usb0' is up with the address 10.9.0.2; ip address flush "
            "dev usb0");
  proc_.file("net/route", "")
      .file("net/if_inet6", "20010db8000000000000000000000005 07 40 00 80     usb0\n");
  EXPECT_THAT(why(), HasSubstr("'usb0' is up with the address 2001:db8::5; "));
  set(kCard / "flags", "0x1002");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardUsbNetwork, NamesTheCallThatComesOverIt) {
  give_address();
  ssh_connection_ = "10.9.0.77 50000 10.9.0.2 22";
  EXPECT_THAT(why(), HasSubstr("network: this call comes over network card 'usb0' (10.9.0.2)"));
  ssh_connection_ = "10.9.0.77 50000 10.9.0.3 22";
  EXPECT_THAT(why(), HasSubstr("'usb0' is up with the address"));
}

// A host that was just installed, or whose DHCP is gone: nothing but fe80:: gets there.
TEST_F(GuardUsbNetwork, NamesTheCallThatComesOverALinkLocalAddress) {
  ssh_connection_ = "fe80::2%usb0 50000 fe80::1%usb0 22";
  EXPECT_EQ(why(),
            "network: this call comes over network card 'usb0' (fe80::1%usb0); come over another "
            "one");
  ssh_connection_ = "fe80::2%usb01 50000 fe80::1%usb01 22";
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardUsbNetwork, NamesTheProtocolThatNeedsNoAddress) {
  proc_.file("net/ptype",
             "Type Device      Function\n8906 usb0     fcoe_rcv [fcoe]\n0800          ip_rcv\n");
  EXPECT_EQ(why(),
            "network: the kernel receives on network card 'usb0' by 'fcoe_rcv'; take it out of "
            "what does so: FCoE, TIPC, batman-adv, ...");
  proc_.file("net/ptype", "8906 usb1     fcoe_rcv [fcoe]\n");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardUsbNetwork, NamesARouteWithoutAnAddress) {
  proc_.file("net/ipv6_route", "20010db8000000000000000000000000 40 " + std::string(32, '0') +
                                   " 00 fe800000000000000000000000000009 0 1 0 00000003 usb0\n");
  EXPECT_THAT(why(), HasSubstr("network card 'usb0' has routes of the host; ip route flush dev"));
}

TEST_F(GuardUsbNetwork, NamesWhatIsBuiltOnItAndUp) {
  set(kCard / "upper_v9/flags", "0x1002");
  EXPECT_EQ(why(), "nothing");
  set(kCard / "upper_v9/flags", "0x1003");
  EXPECT_EQ(why(), "network: network card 'usb0' carries 'v9', which is up; ip link set v9 down");
  proc_.file("net/if_inet6", "20010db8000000000000000000000005 07 40 00 80     v9\n");
  EXPECT_THAT(why(), HasSubstr("network: network card 'usb0' (by 'v9') is up with the address"));
}

TEST_F(GuardUsbNetwork, NamesAPortOfOpenVswitch) {
  std::filesystem::create_symlink("../../virtual/net/ovs-system",
                                  fake_.root() / "bus/pci/devices" / kCard / "master");
  EXPECT_EQ(why(), "network: network card 'usb0' belongs to 'ovs-system'; ovs-vsctl del-port usb0");
}

TEST_F(GuardUsbNetwork, NamesTheVmOfAMacvtap) {
  const auto tap = kCard / "upper_macvtap0";
  set(tap / "flags", "0x1003");
  set(tap / "tap9/dev", "1:3");
  proc_.process(812, "qemu").open(812, 9, "/dev/null");
  EXPECT_THAT(why(), HasSubstr("network card 'usb0' (by 'macvtap0') serves a program: process 812 "
                               "('qemu') has /dev/tap9 open"));
}

TEST_F(GuardUsbNetwork, NamesWhoReadsPackets) {
  proc_.process(812, "dhclient")
      .file("net/packet",
            "sk RefCnt Type Proto Iface R Rmem User Inode\n"
            "0000000000000000 3 3 0003 7 1 0 0 4711\n");
  EXPECT_THAT(why(), HasSubstr("network: a program reads packets of network card 'usb0'"));
  std::filesystem::create_symlink("socket:[4711]", proc_.root() / "812/fd/5");
  EXPECT_THAT(why(), HasSubstr("process 812 ('dhclient') reads packets of network card 'usb0'; "
                               "stop it (kill 812)"));
  proc_.file("net/packet", "0000000000000000 3 3 0003 0 1 0 0 4711\n");
  EXPECT_EQ(why(), "nothing");
}

// A stop of these takes the addresses of all interfaces.
TEST_F(GuardUsbNetwork, DoesNotSayThatTheNetworkOfTheHostIsToBeStopped) {
  proc_.process(812, "dhclient").file("net/packet", "0000000000000000 3 3 0003 7 1 0 0 4711\n");
  std::filesystem::create_symlink("socket:[4711]", proc_.root() / "812/fd/5");
  for (const auto& [service, fix] : std::map<std::string, std::string>{
           {"networking.service", "ifdown usb0"},
           {"NetworkManager.service", "nmcli device set usb0 managed no"},
           {"systemd-networkd.service",
            "Unmanaged=yes in a .network file of usb0, then networkctl reload"},
           {"dhcpcd.service", "dhcpcd --exit usb0"},
           {"wickedd-dhcp4.service", "wicked ifdown usb0"},
           {"ifup@usb0.service", "systemctl stop ifup@usb0.service"},
           {"lldpd.service", "systemctl stop lldpd.service"}}) {
    proc_.process(812, "dhclient", "/system.slice/" + service);
    EXPECT_EQ(why(), "network: process 812 ('dhclient', '" + service +
                         "') reads packets of network card 'usb0'; " + fix);
  }
}

TEST_F(GuardUsbNetwork, NamesThePppOverIt) {
  proc_.file("net/pppoe", "Id       Address              Device\n1 02:00:00:00:00:01   usb0\n");
  EXPECT_THAT(why(), HasSubstr("network card 'usb0' carries a PPP over Ethernet"));
}

TEST_F(GuardUsbNetwork, KnowsThatAnInterfaceLivesInAnotherNamespace) {
  std::filesystem::remove_all(fake_.root() / "bus/pci/devices" / kDevice / "net");
  EXPECT_THAT(why(), HasSubstr("network: the interface of 2-1:2.0 (driver 'cdc_ether') is in "
                               "another network namespace; "));
  proc_.process(1, "systemd").process(900, "nginx");
  live_in("1", "40");
  live_in("900", "41");
  EXPECT_THAT(why(), HasSubstr("is in another network namespace, maybe the network namespace of "
                               "process 900 ('nginx'); stop it (kill 900), or nsenter -t 900 -n "));
}

TEST_F(GuardUsbNetwork, DoesNotGuessFromANamespaceOfItsOwn) {
  live_in("self", "40");
  live_in("1", "40");
  EXPECT_EQ(why(), "nothing");
  std::filesystem::remove_all(proc_.root() / "self");
  live_in("self", "41");
  EXPECT_THAT(why(), HasSubstr("network: gpupci runs in a network namespace of its own"));
}

TEST_F(GuardNetwork, DoesNotAskForTheNetworkOfADisplay) {
  fake_.add_card("0000:02:00", 2, 13);
  for (const auto* process : {"self", "1"}) {
    std::filesystem::create_directories(proc_.root() / process / "ns");
    std::filesystem::create_symlink("net:[" + std::string(process) + "]",
                                    proc_.root() / process / "ns/net");
  }
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardNetwork, RefusesADriverThatShowsNoInterface) {
  settings_.vendors = {0x8086};
  settings_.classes = {0x0200};
  fake_.add({"0000:02:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_EQ(why(),
            "network: the interface of 0000:02:00.0 (driver 'e1000') is in another network "
            "namespace; ip netns and lsns -t net name them");
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_EQ(why(), "nothing");
}

}  // namespace
}  // namespace cluster::agent
