#include "tests/support/story.h"

namespace cluster {
namespace {

class NetworkStory : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "network", "private", "10.1.0.0", "255.255.0.0", "mtu=9000", "vlan=12"});
    cluster(
        {"add", "network", "public", "192.0.2.0/24", "gateway=192.0.2.1", "dnszone=example.org"});
  }

  void add_hosts() {
    cluster({"add", "network", "six", "fd00::/64", "gateway=fd00::1"});
    cluster({"add", "host", "n1", "address=10.1.0.1", "mac=52:54:00:00:01:01"});
    cluster({"add", "host", "n2", "address=192.0.2.2", "mac=52:54:00:00:01:02", "subnet=public"});
    cluster({"add", "host", "n3", "address=10.1.0.3"});
    cluster({"add", "host", "n4", "address=172.16.0.4", "mac=52:54:00:00:01:04"});
    cluster({"add", "host", "n_5", "address=10.1.0.5", "mac=52:54:00:00:01:05"});
    cluster({"add", "host", "vm", "v1", "n1", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
    cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0", "mac=52:54:00:00:02:01",
             "address=10.1.1.1/16,fd00::1:1/64"});
    cluster({"add", "host", "interface", "v1", "eth1", "bridge=br1", "mac=52:54:00:00:02:02",
             "address=192.0.2.9/24", "subnet=public"});
  }
};

TEST_F(NetworkStory, AddThenListAsRocksDoes) {
  cluster({"add", "network", "six", "subnet=FD00::/64"});
  EXPECT_EQ(cluster({"list", "network"}),
            "NETWORK  SUBNET    NETMASK               MTU  DNSZONE     GATEWAY   VLAN\n"
            "private: 10.1.0.0  255.255.0.0           9000 private     -         12\n"
            "public:  192.0.2.0 255.255.255.0         -    example.org 192.0.2.1 -\n"
            "six:     fd00::    ffff:ffff:ffff:ffff:: -    six         -         -\n");
  EXPECT_EQ(cluster({"dump", "network"}),
            "cluster add network private 10.1.0.0/16 vlan=12 mtu=9000\n"
            "cluster add network public 192.0.2.0/24 gateway=192.0.2.1 dnszone=example.org\n"
            "cluster add network six fd00::/64\n");
  cluster({"set", "network", "private", "mtu=", "vlan=7", "gateway=10.1.0.1", "dnszone=local"});
  EXPECT_EQ(cluster({"dump", "network", "private"}),
            "cluster add network private 10.1.0.0/16 gateway=10.1.0.1 vlan=7 dnszone=local\n");
  cluster({"remove", "network", "private", "six"});
  cluster({"list", "network", "privat"}, 1, "network 'privat' is not in the inventory");
}

TEST_F(NetworkStory, RefusesWhatCannotBe) {
  const auto before = dump();
  cluster({"add", "network", "private", "10.2.0.0/16"}, 1,
          "network 'private' is in the inventory already (`cluster set network` changes it)");
  cluster({"add", "network", "x", "10.1.0.1/16"}, 2,
          "subnet='10.1.0.1/16': the address of that network is 10.1.0.0/16");
  cluster({"add", "network", "x", "10.2.0.0/16", "gateway=10.1.0.1"}, 2,
          "gateway='10.1.0.1': want an address in 10.2.0.0/16");
  cluster({"add", "network", "x", "10.2.0.0/16", "mtu=67"}, 2,
          "mtu='67': want a whole number from 68 to 65535");
  cluster({"add", "network", "My net", "10.2.0.0/16"}, 2,
          "network 'My net': want letters in lower case, digits, '-' and '_'");
  cluster({"set", "network", "private"}, 2, "set network: nothing to set (want key=value)");
  cluster({"set", "network", "public", "subnet=192.0.3.0/24"}, 2,
          "gateway='192.0.2.1': want an address in 192.0.3.0/24");
  EXPECT_EQ(dump(), before);
}

TEST_F(NetworkStory, StaysWhileSomebodyIsInIt) {
  add_hosts();
  const auto before = dump();
  cluster({"remove", "network", "six", "public"}, 1,
          "network 'public' is still that of n2 v1 (2): first `subnet=` of `cluster set host` and "
          "`cluster set host interface`");
  cluster({"set", "network", "public", "gateway=", "subnet=192.0.2.0/29"}, 1,
          "network 'public' has 'v1' at 192.0.2.9, which is not in 192.0.2.0/29");
  cluster({"set", "host", "n1", "subnet=public"}, 2,
          "address '10.1.0.1' is not in network 'public' (192.0.2.0/24)");
  cluster({"set", "host", "n2", "subnet=pulbic"}, 1,
          "network 'pulbic' is not in the inventory (did you mean 'public'?)");
  cluster({"set", "host", "interface", "v1", "eth1", "address=10.1.0.9/16"}, 2,
          "address '10.1.0.9' is not in network 'public' (192.0.2.0/24)");
  cluster({"add", "host", "n6", "mac=52:54:00:00:01:01"}, 1,
          "MAC address 52:54:00:00:01:01 is that of host 'n1'");
  cluster({"set", "host", "v1", "mac=52:54:00:00:01:07"}, 2,
          "mac= is for physical hosts: that of VM 'v1' is its interface's");
  EXPECT_EQ(dump(), before);
  cluster({"set", "host", "n2", "subnet="});
  cluster({"set", "host", "interface", "v1", "eth1", "subnet="});
  cluster({"remove", "network", "public"});
}

TEST_F(NetworkStory, GivesItsVlanAndMtuToTheInterface) {
  add_hosts();
  cluster({"set", "host", "interface", "v1", "eth0", "subnet=private", "ovs=br-int"});
  const auto interface_of = [this](const std::string& mac) {
    const auto config = cluster({"report", "vm", "config", "v1"});
    const auto at = config.find(mac);
    return config.substr(at, config.find("</interface>", at) - at);
  };
  const auto tenant = interface_of("52:54:00:00:02:01");
  EXPECT_NE(tenant.find("<tag id='12'"), std::string::npos) << tenant;
  EXPECT_NE(tenant.find("<mtu size='9000'"), std::string::npos) << tenant;
  EXPECT_EQ(interface_of("52:54:00:00:02:02").find("<mtu"), std::string::npos);
  cluster({"set", "host", "interface", "v1", "eth0", "vlan=7"});
  EXPECT_NE(interface_of("52:54:00:00:02:01").find("<tag id='7'"), std::string::npos);
}

TEST_F(NetworkStory, ReportsToDnsmasq) {
  add_hosts();
  EXPECT_EQ(cluster({"report", "network", "dhcp", "private", "six"}, 0,
                    "the inventory has no MAC address of n3"),
            "# private: 10.1.0.0/16\n"
            "dhcp-range=set:private,10.1.0.0,static,255.255.0.0\n"
            "dhcp-option=tag:private,option:mtu,9000\n"
            "dhcp-option=tag:private,option:domain-name,private\n"
            "dhcp-host=52:54:00:00:01:01,10.1.0.1,n1\n"
            "dhcp-host=52:54:00:00:01:05,10.1.0.5,n_5\n"
            "dhcp-host=52:54:00:00:02:01,10.1.1.1,v1\n"
            "# six: fd00::/64\n"
            "dhcp-range=set:six,fd00::,static,64\n"
            "dhcp-host=52:54:00:00:02:01,[fd00::1:1],v1\n");
}

TEST_F(NetworkStory, ReportsToIscDhcpd) {
  add_hosts();
  EXPECT_EQ(cluster({"report", "network", "dhcp", "public", "server=isc"}),
            "# public\n"
            "subnet 192.0.2.0 netmask 255.255.255.0 {\n"
            "  option routers 192.0.2.1;\n"
            "  option domain-name \"example.org\";\n"
            "}\n"
            "host n2 { hardware ethernet 52:54:00:00:01:02; fixed-address 192.0.2.2; option "
            "host-name \"n2\"; }\n"
            "host v1-eth1 { hardware ethernet 52:54:00:00:02:02; fixed-address 192.0.2.9; option "
            "host-name \"v1-eth1\"; }\n");
  cluster({"report", "network", "dhcp", "server=bind"}, 2, "server='bind': want dnsmasq or isc");
}

TEST_F(NetworkStory, ReportsLinesOfAZone) {
  add_hosts();
  const auto [out, err, status] = run({"report", "network", "dns"});
  EXPECT_EQ(out,
            "; private: 10.1.0.0/16\n"
            "n1.private.\tIN\tA\t10.1.0.1\n"
            "n3.private.\tIN\tA\t10.1.0.3\n"
            "v1.private.\tIN\tA\t10.1.1.1\n"
            "; public: 192.0.2.0/24\n"
            "n2.example.org.\tIN\tA\t192.0.2.2\n"
            "v1-eth1.example.org.\tIN\tA\t192.0.2.9\n"
            "; six: fd00::/64\n"
            "v1.six.\tIN\tAAAA\tfd00::1:1\n");
  EXPECT_EQ(err,
            "cluster: the inventory has no network of n4\n"
            "cluster: DNS takes no '_' in the name of a host: n_5\n");
  EXPECT_EQ(cluster({"report", "network", "dns", "public", "six", "reverse=yes"}),
            "; public: 192.0.2.0/24\n"
            "2.2.0.192.in-addr.arpa.\tIN\tPTR\tn2.example.org.\n"
            "9.2.0.192.in-addr.arpa.\tIN\tPTR\tv1-eth1.example.org.\n"
            "; six: fd00::/64\n"
            "1.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.\tIN\tPTR\t"
            "v1.six.\n");
}

}  // namespace
}  // namespace cluster
