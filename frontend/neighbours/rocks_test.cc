// What `rocks dump` prints: how a command may be spelled, and what of it has a place here.

#include <gmock/gmock.h>

#include "tests/support/reading_lines.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> of_rocks(const std::string& text) {
  return reading_lines(read_rocks, text);
}

TEST(RocksCommands, AreReadHoweverAShellHasThem) {
  for (const auto* text :
       {"rocks add host n1 cpus=4", "/opt/rocks/bin/rocks add host n1 cpus=4", "add host n1 cpus=4",
        "rocks 'add host' n1 cpus=4", R"(rocks add\ host n1 cpus=4)",
        "rocks add host \\\n  n1 cpus=4", "rocks add host cpus=4 n1",
        "#!/bin/bash\n  rocks  add\thost n1 'cpus'=\"4\"  # x\r\n"}) {
    EXPECT_THAT(of_rocks(text), ElementsAre("add|host|n1|cpus=4")) << text;
  }
}

TEST(RocksCommands, ThatAShellWouldTakeForMoreAreRefused) {
  EXPECT_THAT(of_rocks("rocks add host n1\nrocks add host n2; reboot\n"),
              ElementsAre("refused: line 2: a shell would not take ';' as it is (want quotes)"));
  EXPECT_THAT(of_rocks("rocks add attr x $(id)\n"),
              ElementsAre("refused: line 1: a shell would not take '$' as it is (want quotes)"));
  EXPECT_THAT(of_rocks("\nrocks add attr x 'y\n"),
              ElementsAre("refused: line 2: a quote (') is not closed"));
}

// As a whole, with the line on which it begins.
TEST(RocksCommands, ThatHaveNoPlaceAreListed) {
  EXPECT_THAT(of_rocks("rocks add roll \\\n  kvm\n'rocks' list host\n"),
              ElementsAre("line 1: rocks add roll kvm", "line 3: rocks list host"));
  for (const std::string text :
       {"rocks add host", "rocks add host cpus=4", "rocks add host attr n1 x",
        "rocks add host attr n1 x y z", "rocks add attr x", "rocks add attr x y z",
        "rocks set host vm v1 mem=512", "rocks set host vm physnode=h1",
        "rocks add host interface n1", "rocks set host interface ip n1 eth0",
        "rocks add network x 10.1.0.0", "rocks add network x subnet=10.1.2.3 netmask=255.255.0.0",
        "rocks add appliance", "rocks add appliance membership=x",
        "rocks add appliance attr compute x", "rocks set host interface name n1 eth0 other"}) {
    EXPECT_THAT(of_rocks(text + "\n"), ElementsAre("line 1: " + text));
  }
}

TEST(RocksCommands, ThatSayWhatGoesWithoutSayingAreNotListed) {
  EXPECT_THAT(of_rocks("rocks add host n1 os=linux cpus=None rack=None\n"
                       "rocks set host runaction n1 action=os\n"
                       "rocks set host installaction n1 action=install\n"
                       "rocks add host interface n1 eth0 name=n1 gateway=None\n"
                       "rocks set host interface name n1 eth0 n1\n"
                       "rocks set host interface ip n1 eth0 None\n"
                       "rocks set host interface vlan n1 eth0 None\n"),
              ElementsAre("add|host|n1"));
  EXPECT_THAT(of_rocks("rocks add host n1 os=sunos\n"),
              ElementsAre("add|host|n1", "line 1: n1 os=sunos"));
}

TEST(RocksHosts, HaveTheAddressInTheNetworkOfTheFrontend) {
  EXPECT_THAT(
      of_rocks("rocks add host n1\n"
               "rocks add host interface n1 eth0 ip=131.1.1.1 subnet=public\n"
               "rocks add host interface n1 eth1 ip=10.1.1.1 subnet=private module=e1000\n"),
      ElementsAre("add|host|n1|address=10.1.1.1", "line 3: n1 eth1 module=e1000",
                  "line 3: n1 eth1 subnet=private", "line 2: n1 eth0 ip=131.1.1.1",
                  "line 2: n1 eth0 subnet=public"));
}

TEST(RocksHosts, ThatTheFileDoesNotAddHaveNothing) {
  EXPECT_THAT(of_rocks("rocks add host interface gone eth0 ip=10.0.0.1\n"
                       "rocks add host attr gone a b\n"),
              ElementsAre("line 1: gone eth0: there is no such host",
                          "line 2: gone a=b: there is no such host"));
}

TEST(RocksHosts, HaveCardsOnlyByANameAndAnAddressOfOne) {
  EXPECT_THAT(of_rocks("rocks add host n1\nrocks add host attr n1 gpupci1 yes\n"
                       "rocks add host attr n1 gpu pci_0000_02_00_0\n"),
              ElementsAre("add|host|n1", "add|host|attr|n1|gpupci1|yes",
                          "add|host|attr|n1|gpu|pci_0000_02_00_0"));
}

TEST(RocksVms, HaveInterfacesInNetworksThatTheFileAdds) {
  const auto of_interface = [](const std::string& facts) {
    auto lines = of_rocks(
        "rocks add network private subnet=10.1.0.0 netmask=255.255.0.0\n"
        "rocks set host vm v1 physnode=h1\nrocks add host interface v1 eth0 " +
        facts + "\n");
    lines.erase(lines.begin(), lines.begin() + 2);
    return lines;
  };
  const std::string guess = " is a guess, as a dump names no bridge";
  EXPECT_THAT(of_interface("ip=10.1.0.9 subnet=private vlan=7"),
              ElementsAre("add|host|interface|v1|eth0|bridge=private|vlan=7|address=10.1.0.9/16|"
                          "subnet=private",
                          "line 3: v1 eth0: bridge=private" + guess));
  EXPECT_THAT(
      of_interface("ip=10.2.0.9 subnet=private"),
      ElementsAre("add|host|interface|v1|eth0|bridge=private",
                  "line 3: v1 eth0: bridge=private" + guess, "line 3: v1 eth0 ip=10.2.0.9"));
  EXPECT_THAT(of_interface("ip=10.1.0.9 subnet=public vlan=4095"),
              ElementsAre("add|host|interface|v1|eth0|bridge=public",
                          "line 3: v1 eth0: bridge=public" + guess, "line 3: v1 eth0 vlan=4095",
                          "line 3: v1 eth0 ip=10.1.0.9"));
}

TEST(RocksVms, HaveAMacAddressOnce) {
  const auto lines = of_rocks(
      "rocks set host vm v1 physnode=h1\nrocks set host vm v2 physnode=h1\n"
      "rocks add host interface v1 eth0 mac=7a:77:6e:00:00:0a\n"
      "rocks add host interface v2 eth0 mac=7A:77:6E:00:00:0A\n");
  EXPECT_THAT(lines, ElementsAre("add|host|vm|v1|h1", "add|host|vm|v2|h1",
                                 "add|host|interface|v1|eth0|bridge=private|mac=7a:77:6e:00:00:0a",
                                 "add|host|interface|v2|eth0|bridge=private",
                                 ::testing::StartsWith("line 3: v1 eth0: bridge=private"),
                                 ::testing::StartsWith("line 4: v2 eth0: bridge=private"),
                                 "line 4: v2 eth0 mac=7A:77:6E:00:00:0A"));
}

TEST(RocksVms, HaveSizesOfAllTheirDisksOrOfNone) {
  const std::string disks = "disk='file:/a,vda,virtio file:/b,vdb,virtio'";
  EXPECT_THAT(of_rocks("rocks set host vm v1 physnode=h1 slice=3 virt-type=hvm disksize='1 2' " +
                       disks + "\n"),
              ElementsAre("add|host|vm|v1|h1|disk=file:/a,vda,virtio|disk=file:/b,vdb,virtio|"
                          "disksize=1|disksize=2"));
  EXPECT_THAT(of_rocks("rocks set host vm v1 physnode=h1 colour=red disksize=1 " + disks + "\n"),
              ElementsAre("add|host|vm|v1|h1|disk=file:/a,vda,virtio|disk=file:/b,vdb,virtio",
                          "line 1: v1 disksize=1", "line 1: v1 colour=red"));
}

}  // namespace
}  // namespace cluster::frontend
