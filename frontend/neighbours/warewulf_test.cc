// nodes.conf of Warewulf: spellings of several versions, profiles, and the primary device.

#include <gmock/gmock.h>

#include "tests/support/reading_lines.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> of_warewulf(const std::string& text) {
  return reading_lines(read_warewulf, text);
}

TEST(WarewulfFile, IsRefusedWithoutAMapOfNodes) {
  for (const auto* text : {"", "[]", "nodes", "nodes:\n", "nodes: [n1]\n", "Nodes: {n1: }\n"}) {
    EXPECT_THAT(of_warewulf(text),
                ElementsAre("refused: it has no `nodes:`, which nodes.conf of Warewulf has"))
        << text;
  }
  EXPECT_THAT(of_warewulf("WW_INTERNAL: 43\nnodes: {}\n"), ElementsAre());
}

TEST(WarewulfDevices, StandBelowAKeyOfManySpellings) {
  for (const std::string key : {"network devices", "networkdevices", "network_devices",
                                "network-devices", "Network Devices", "netdevs", "NetDevs"}) {
    EXPECT_THAT(of_warewulf("nodes:\n  n1:\n    " + key + ": {default: {ipaddr: 10.0.0.1}}\n"),
                ElementsAre("add|host|n1|appliance=compute|address=10.0.0.1"))
        << key;
  }
}

TEST(WarewulfDevices, OfAListAreCalledAsTheyAreOrAsTheirDevice) {
  EXPECT_THAT(of_warewulf("nodes:\n  n1:\n    netdevs:\n    - {device: eth0, ipaddr: 10.0.0.1/8}\n"
                          "    - {name: ib, device: ib0, ipaddr: 10.1.0.1}\n"),
              ElementsAre("add|network|eth0|10.0.0.0/8",
                          "add|host|n1|appliance=compute|address=10.0.0.1|subnet=eth0",
                          "line 4: n1 eth0 device: eth0", "line 5: n1 ib device: ib0",
                          "line 5: n1 ib ipaddr: 10.1.0.1"));
}

TEST(WarewulfDevices, AreMapsAlone) {
  for (const std::string devices :
       {"[eth0, {device: eth1, ipaddr: 10.0.0.1}]", "[[], 7, {device: eth1, ipaddr: 10.0.0.1}]",
        "{eth0: up, eth1: {ipaddr: 10.0.0.1}}"}) {
    EXPECT_EQ(of_warewulf("nodes:\n  n1:\n    netdevs: " + devices + "\n").at(0),
              "add|host|n1|appliance=compute|address=10.0.0.1")
        << devices;
  }
}

// By the name that the node has for it, a mark, the name "default", or as the first.
TEST(WarewulfDevices, ArePrimaryInThisOrder) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"{a: {ipaddr: 10.0.0.1}, b: {ipaddr: 10.0.0.2}}", "10.0.0.1"},
      {"{a: {ipaddr: 10.0.0.1}, default: {ipaddr: 10.0.0.2}}", "10.0.0.2"},
      {"{default: {ipaddr: 10.0.0.1}, b: {ipaddr: 10.0.0.2, primary: true}}", "10.0.0.2"},
      {"{default: {ipaddr: 10.0.0.1}, b: {ipaddr: 10.0.0.2, default: 'True'}}", "10.0.0.2"},
      {"{default: {ipaddr: 10.0.0.1}, b: {ipaddr: 10.0.0.2, primary: 'false'}}", "10.0.0.1"},
      {"{a: {primary: true}, b: {ipaddr: 10.0.0.2}}", "10.0.0.2"},
      {"{a: {ipaddr: 10.0.0.1, primary: true}, b: {ipaddr: 10.0.0.2, primary: true}}", "10.0.0.1"},
      {"{a: {ipaddr: 10.0.0.1, primary: true}, c: {ipaddr: 10.0.0.2}}", "10.0.0.2"}};
  for (const auto& [devices, address] : rows) {
    const auto lines = of_warewulf(
        "nodes:\n  n1:\n    primary network: c\n    network devices: " + devices + "\n");
    EXPECT_EQ(lines.at(0), "add|host|n1|appliance=compute|address=" + address) << devices;
  }
}

TEST(WarewulfDevices, ThatAreNotPrimaryHaveANetworkAlone) {
  EXPECT_THAT(
      of_warewulf("nodes:\n  n1:\n    network devices:\n"
                  "      default: {ipaddr: 10.1.0.1/16, hwaddr: '02:00:00:00:00:0A'}\n"
                  "      ib0: {ipaddr: 10.2.0.1/24, hwaddr: '02:00:00:00:00:02', mtu: 2044,\n"
                  "        gateway: 10.2.0.254, type: infiniband}\n"),
      ElementsAre("add|network|default|10.1.0.0/16",
                  "add|network|ib0|10.2.0.0/24|gateway=10.2.0.254|mtu=2044",
                  "add|host|n1|appliance=compute|address=10.1.0.1|mac=02:00:00:00:00:0a|"
                  "subnet=default",
                  "line 5: n1 ib0 ipaddr: 10.2.0.1/24", "line 5: n1 ib0 hwaddr: 02:00:00:00:00:02",
                  "line 6: n1 ib0 type: infiniband"));
}

// A network is known where a profile of the node, `default` when it names none, gives its mask.
TEST(WarewulfProfiles, AreThoseThatTheNodeNames) {
  const auto with = [](const std::string& profiles) {
    return of_warewulf(
        "nodeprofiles:\n  default: {network devices: {eth0: {netmask: 255.255.0.0}}}\n"
        "  p: {network devices: {eth0: {mtu: 1500}}}\nnodes:\n  n1:\n    " +
        profiles + "\n    network devices: {eth0: {ipaddr: 10.1.0.1}}\n");
  };
  const std::string host = "add|host|n1|appliance=compute|address=10.1.0.1";
  EXPECT_THAT(with(""), ElementsAre("add|network|eth0|10.1.0.0/16", host + "|subnet=eth0"));
  for (const auto* both :
       {"profiles: [default, p]", "profiles: ' default, p'", "profiles: [p, default]"}) {
    EXPECT_THAT(with(both), ElementsAre("add|network|eth0|10.1.0.0/16|mtu=1500",
                                        host + "|subnet=eth0", "add|host|attr|n1|groups|p"))
        << both;
  }
  for (const auto* one : {"profiles: [p]", "profiles: [default, p, ~default]"}) {
    EXPECT_THAT(with(one), ElementsAre(host, "add|host|attr|n1|groups|p")) << one;
  }
  EXPECT_THAT(with("profiles: []"), ElementsAre(host));
}

TEST(WarewulfProfiles, CountLessThanTheNodeItself) {
  const auto lines = of_warewulf(
      "profiles:\n  default: {network devices: {eth0: {netmask: 255.255.0.0, mtu: 1500}}}\n"
      "nodes:\n  n1:\n    network devices: {eth0: {ipaddr: 10.1.0.1, netmask: 255.255.255.0}}\n");
  EXPECT_EQ(lines.at(0), "add|network|eth0|10.1.0.0/24|mtu=1500");
}

TEST(WarewulfNodes, HaveTagsOfAnyShapeOnOneLine) {
  for (const std::string key : {"tags", "keys"}) {
    EXPECT_THAT(
        of_warewulf("nodes:\n  n1:\n    " + key + ": {site: north, list: [a, b], none: }\n"),
        ElementsAre("add|host|n1|appliance=compute", "add|host|attr|n1|site|north",
                    "add|host|attr|n1|list|[a, b]", "add|host|attr|n1|none|"));
  }
  EXPECT_THAT(of_warewulf("nodes:\n  n1:\n    tags: [a]\n    container name: x\n    init:\n"),
              ElementsAre("add|host|n1|appliance=compute", "line 3: n1 tags: [a]",
                          "line 4: n1 container name: x", "line 5: n1 init"));
}

TEST(WarewulfNodes, KeepNoAddressThatIsNone) {
  EXPECT_THAT(of_warewulf("nodes:\n  n1: {network devices: {eth0: {ipaddr: 10.0.0.999}}}\n"),
              ElementsAre("add|host|n1|appliance=compute",
                          HasSubstr("line 2: n1 address='10.0.0.999': want an IP address")));
}

}  // namespace
}  // namespace cluster::frontend
