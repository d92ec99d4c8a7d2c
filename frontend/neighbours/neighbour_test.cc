#include "frontend/neighbours/neighbour.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "core/names.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Read {
  std::vector<std::string> commands;
  std::vector<std::string> left;
};

// A file of tests/data/neighbours, made after real ones. Words of a command stand in bars.
Read read(const std::string& format, const std::string& text) {
  Read result;
  auto reading = read_neighbour(neighbour_format(format), text, "file",
                                [](const std::string& name) { HostName{name}; });
  for (const auto& command : reading.commands) {
    result.commands.push_back(joined(command.words, "|"));
  }
  result.left = std::move(reading.left);
  return result;
}

Read read_file_of(const std::string& format, const std::string& name) {
  return read(format, read_file(std::string(NEIGHBOUR_DATA) + "/" + name).value());
}

std::string refusal(const std::string& format, const std::string& text) {
  try {
    neighbour_format(format).read(text, "file");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Neighbour, RocksBringsHostsVmsCardsAndAttributes) {
  const auto [commands, left] = read_file_of("rocks", "rocks.sh");
  EXPECT_THAT(
      commands,
      ElementsAre("add|network|private|10.2.0.0/16|mtu=1500",
                  "add|host|vm-container-1-3|appliance=vm-container|address=10.2.255.250|cpus=48|"
                  "mac=ac:1f:6b:00:10:01|rack=1|rank=3|subnet=private",
                  "add|host|compute-1-0|appliance=compute|cpus=16|rack=1|rank=0",
                  "add|host|nas-1-0|appliance=compute|cpus=8|rack=1|rank=0",
                  "add|host|vm|render-1|vm-container-1-3|cpus=8|mem=16384|"
                  "disk=file:/export/vm/render-1.vda,vda,virtio|"
                  "disk=file:/export/vm/render-1.vdb,vdb,virtio|disksize=40|disksize=200",
                  "add|attr|Info_ClusterName|hydra", "add|appliance|attr|compute|sge|true",
                  "add|host|interface|render-1|eth0|bridge=private|mac=7a:77:6e:00:00:05|"
                  "address=10.2.255.249/16|subnet=private",
                  "add|host|gpu|vm-container-1-3|gpupci1|pci_0000_81_00_0",
                  "add|host|gpu|vm-container-1-3|gpupci2|pci_0000_c1_00_0",
                  "add|host|attr|compute-1-0|scratch|/state/partition1 and more",
                  "add|host|gpu|render-1|gpupci1|pci_0000_81_00_0"));
  EXPECT_THAT(
      left,
      ElementsAre("line 7: nas-1-0 membership=NAS Appliance: taken as compute",
                  "line 25: /opt/rocks/bin/rocks add roll kvm 6.2 x86_64 enabled=true os=linux",
                  "line 8: render-1 rack=1", "line 8: render-1 rank=7",
                  "line 14: render-1 eth0: bridge=private is a guess, as a dump names no bridge",
                  "line 9: vm-container-1-3 eno2 ip=131.10.4.3"));
}

TEST(Neighbour, RocksNamesItsNetworksInTwoWays) {
  const auto [commands, left] =
      read("rocks",
           "rocks add network private 10.1.0.0 255.255.0.0 dnszone=local servedns=True mtu=None\n"
           "rocks add network odd subnet=10.2.0.0 netmask=255.0.255.0\n"
           "rocks add host h-0-0 membership=Compute\n"
           "rocks add host interface h-0-0 ib0 ip=10.9.0.1 subnet=private "
           "mac=80:00:02:08:fe:80:00:00\n");
  EXPECT_THAT(commands, ElementsAre("add|network|private|10.1.0.0/16|dnszone=local",
                                    "add|host|h-0-0|appliance=compute|address=10.9.0.1"));
  EXPECT_THAT(left, ElementsAre("line 1: network private servedns=True",
                                "line 2: rocks add network odd subnet=10.2.0.0 "
                                "netmask=255.0.255.0",
                                "line 4: h-0-0 ib0 mac=80:00:02:08:fe:80:00:00"));
}

TEST(Neighbour, XcatTellsVmsByTheirHost) {
  const auto [commands, left] = read_file_of("xcat", "lsdef.txt");
  EXPECT_THAT(
      commands,
      ElementsAre("add|network|net-10_30_0_0-255_255_0_0|10.30.0.0/16|dnszone=cluster.example|"
                  "gateway=10.30.0.1|mtu=9000|vlan=30",
                  "add|host|hv01|appliance=vm-container|address=10.30.0.11|"
                  "mac=0c:c4:7a:00:20:11",
                  "add|host|vm|gpuvm1|hv01|cpus=8|mem=32768",
                  "add|host|attr|hv01|groups|kvmhost,rack2", "add|host|attr|gpuvm1|groups|vms"));
  EXPECT_THAT(left,
              ElementsAre("line 5: hv01 arch=x86_64", "line 15: gpuvm1 ip=10.30.1.1",
                          "line 16: gpuvm1 mgt=kvm", "line 20: gpuvm1 vmstorage=dir:///install/vms",
                          "line 22: compute is of objtype group",
                          "line 32: network 10_30_0_0-255_255_0_0 mgtifname=eth1"));
  // A network whose address has bits behind its prefix is none.
  const auto [none, odd] = read("xcat", "x:\n objtype=network\n net=10.1.2.3\n mask=8\n");
  EXPECT_THAT(none, ::testing::IsEmpty());
  EXPECT_THAT(odd, ElementsAre("line 1: network x net=10.1.2.3 mask=8"));
  EXPECT_EQ(refusal("xcat", "a b\n"),
            "line 1: want NAME: and below it lines of NAME=VALUE, as lsdef -z prints them");
}

TEST(Neighbour, WarewulfsPrimaryDeviceCounts) {
  const auto [commands, left] = read_file_of("warewulf", "nodes.conf");
  EXPECT_THAT(commands,
              ElementsAre("add|network|default|10.40.0.0/16|gateway=10.40.0.254|mtu=9000",
                          "add|network|ib0|10.99.0.0/24",
                          "add|host|wn01|appliance=compute|address=10.40.0.1|mac=3c:ec:ef:00:30:01|"
                          "subnet=default",
                          "add|host|wn02|appliance=compute|address=10.40.0.2",
                          "add|host|wn03|appliance=compute", "add|host|attr|wn01|site|north",
                          "add|host|attr|wn01|groups|gpu"));
  EXPECT_THAT(
      left, ElementsAre("line 4: profile default comment: every node",
                        "line 9: profile default runtime overlay", "line 12: profile gpu kernel",
                        "line 27: wn01 ib0 ipaddr: 10.99.0.1", "line 30: wn01 default device: eno1",
                        "line 34: wn01 ipmi", "line 40: wn02 default netmask: 255.255.255.0"))
      << "the last profile counts, and a network has one mask";
  EXPECT_THAT(refusal("warewulf", "a: [\n"), HasSubstr("it is no YAML"));
  EXPECT_THAT(refusal("warewulf", "a: 1\n"), HasSubstr("no `nodes:`"));
}

TEST(Neighbour, AnsiblesGroupsAndRangesComeAlong) {
  const auto [commands, left] = read_file_of("ansible", "ansible.ini");
  EXPECT_THAT(
      commands,
      ElementsAre(
          "add|host|login.example.org|address=192.0.2.7", "add|host|kvm01|sudo=yes|user=ops",
          "add|host|kvm02|sudo=yes|user=ops", "add|host|kvm03|sudo=yes|user=ops",
          "add|host|kvm09|port=2222", "add|host|attr|kvm01|groups|kvm,cluster,gpu",
          "add|host|attr|kvm02|groups|kvm,cluster", "add|host|attr|kvm03|groups|kvm,cluster",
          "add|host|attr|kvm09|location|second floor", "add|host|attr|kvm09|groups|kvm,cluster",
          "add|attr|ntp|ntp.example.org"));
  EXPECT_THAT(left, ElementsAre("line 2: login.example.org ansible_connection=ssh",
                                "line 19: group kvm bridge=br0"));
  EXPECT_EQ(refusal("ansible", "[a:hosts]\n"),
            "line 1: no such section: 'a:hosts' (want [x], [x:vars] or [x:children])");
  EXPECT_THAT(read("ansible", "[a:children]\nb\n[b:children]\na\n[b]\nn1\n").commands,
              ElementsAre("add|host|n1", "add|host|attr|n1|groups|b,a"))
      << "a circle ends";
}

TEST(Neighbour, AnsiblesYamlIsTheSame) {
  const auto [commands, left] = read_file_of("ansible", "ansible.yml");
  EXPECT_THAT(
      commands,
      ElementsAre("add|host|login|address=192.0.2.7", "add|host|kvm01|user=ops",
                  "add|host|kvm02|user=ops", "add|host|attr|kvm01|groups|kvm,cluster,gpu",
                  "add|host|attr|kvm02|groups|kvm,cluster", "add|attr|ntp|ntp.example.org"));
  EXPECT_THAT(left, ElementsAre("line 15: kvm01 disks", "line 15: kvm02 disks",
                                "line 17: group kvm bridge=br0"));
}

TEST(Neighbour, HostsOfTheMachineItselfAreNone) {
  const auto [commands, left] = read_file_of("hosts", "hosts");
  EXPECT_THAT(commands,
              ElementsAre("add|host|head|address=10.50.0.1", "add|host|gpu01|address=10.50.0.11",
                          "add|host|gpu02.cluster.example|address=10.50.0.12"));
  EXPECT_THAT(left, ElementsAre("line 5: 'nfs' is another name of head",
                                "line 7: fd00:50::11 is another address of gpu01"));
  EXPECT_EQ(refusal("hosts", "10.1.1.1\n"), "line 1: '10.1.1.1' has no name: want ADDRESS NAME...");
}

TEST(Neighbour, OfSshCountsWhatSshWouldFind) {
  const auto [commands, left] = read_file_of("ssh-config", "ssh_config");
  EXPECT_THAT(commands, ElementsAre("add|host|g1|user=root", "add|host|g2|user=root",
                                    "add|host|g3|address=10.60.0.3|jump=bastion|port=2200"));
  EXPECT_TRUE(left.empty());
  const auto doors = read("ssh-config",
                          "Host a1 b1\n  HostName 10.0.0.5\nHost a1\n  ProxyJump a\n"
                          "Host b1\n  ProxyJump b-%h\n");
  EXPECT_THAT(doors.commands,
              ElementsAre("add|host|a1|address=10.0.0.5|jump=a", "add|host|b1|address=10.0.0.5"));
  EXPECT_THAT(doors.left, ElementsAre("line 1: b1 ProxyJump b-%h"));
  const auto first = read("ssh-config",
                          "User top\nHost a*\n  Port 2200\nHost a1\n  User late\n  Port 22\n"
                          "  HostName %h.example.org\nHost *\n  User bottom\n");
  EXPECT_THAT(first.commands, ElementsAre("add|host|a1|address=a1.example.org|port=2200|user=top"));
}

TEST(Neighbour, WhatCannotBeAHostIsListedAndTheOthersCome) {
  const auto [commands, left] = read("hosts",
                                     "10.9.0.1 a\n10.9.0.1 d\n10.9.0.3 bad!name\n"
                                     "0.0.0.0 ads.example.com\n");
  EXPECT_THAT(commands, ElementsAre("add|host|a|address=10.9.0.1", "add|host|d"));
  EXPECT_EQ(left.at(0), "line 2: d address=10.9.0.1, which a has");
  EXPECT_EQ(left.size(), 2U);
}

TEST(Neighbour, TheAddressIsThatOfThePrimaryDevice) {
  EXPECT_THAT(
      read("warewulf",
           "nodes:\n  n1:\n    primary network: eth1\n    network devices:\n"
           "      default:\n        ipaddr: 10.1.0.1\n      eth1:\n        ipaddr: 10.2.0.1\n"
           "  n2:\n    network devices:\n      ib0:\n        ipaddr: 10.3.0.2\n"
           "      default:\n        ipaddr: 10.1.0.2\n")
          .commands,
      ElementsAre("add|host|n1|appliance=compute|address=10.2.0.1",
                  "add|host|n2|appliance=compute|address=10.1.0.2"));
  EXPECT_THAT(read("rocks",
                   "rocks add host c-0-0 membership=Compute\n"
                   "rocks set host interface ip c-0-0 eth0 10.1.0.3\n"
                   "rocks add host interface c-0-0 eth0 subnet=private\n"
                   "rocks add host interface c-0-0 ipmi ip=10.4.0.3\n"
                   "rocks add host c-0-1 membership=Compute\n"
                   "rocks add host interface c-0-1 ipmi ip=10.4.0.4\n")
                  .commands,
              ElementsAre("add|host|c-0-0|appliance=compute|address=10.1.0.3",
                          "add|host|c-0-1|appliance=compute"));
}

TEST(Neighbour, ANameThatIsRefusedTakesAlongWhatBelongsToIt) {
  const auto reading = read_neighbour(neighbour_format("rocks"),
                                      "rocks add host gpu membership='VM Container' rack=2\n"
                                      "rocks add host guest membership='Hosted VM'\n"
                                      "rocks set host vm guest physnode=gpu\n"
                                      "rocks add host interface guest eth0 mac=7a:77:6e:00:00:05\n"
                                      "rocks add host attr gpu gpupci1 pci_0000_02_00_0\n"
                                      "rocks add host attr guest site x\n"
                                      "rocks add host rest membership=Compute\n",
                                      "file", [](const std::string& name) {
                                        if (name == "gpu") throw Error(Fault::usage, "reserved");
                                      });
  ASSERT_EQ(reading.commands.size(), 1U);
  EXPECT_EQ(joined(reading.commands[0].words, " "), "add host rest appliance=compute");
  EXPECT_THAT(reading.left, Contains("line 1: reserved"));
  EXPECT_THAT(reading.left, Contains("line 2: guest is a VM of gpu, which is left out"));
}

TEST(Neighbour, RocksSaysItInAnyOrderAndMoreThanOnce) {
  const auto [commands, left] = read("rocks",
                                     "rocks set host vm v1 physnode=h-0-7 mem=512\n"
                                     "rocks add host v1 cpus=2 rack=4 rank=None\n"
                                     "rocks add host h-0-7 membership='VM Container' cpus=None\n"
                                     "rocks set host vm v2 physnode=None\n"
                                     "rocks add host v2 membership='Hosted VM'\n"
                                     "rocks add host attr v2 a b\n"
                                     "rocks add host attr h-0-7 os one\n"
                                     "rocks set host attr h-0-7 os two\n"
                                     "rocks add attr same x\nrocks add attr same x\n");
  EXPECT_THAT(commands, ElementsAre("add|host|h-0-7|appliance=vm-container",
                                    "add|host|vm|v1|h-0-7|cpus=2|mem=512", "add|attr|same|x",
                                    "add|host|attr|h-0-7|os|two"));
  EXPECT_THAT(left, ElementsAre("line 4: rocks set host vm v2 physnode=None", "line 1: v1 rack=4",
                                "line 5: v2 is a VM, and the file does not say on which host it "
                                "runs",
                                "line 7: host attr h-0-7 os one: it is two further on"));
}

TEST(Neighbour, AnsiblesRangesHaveLettersAndSteps) {
  EXPECT_THAT(read("ansible", "db-[b:d][08:12:4]\n").commands,
              ElementsAre("add|host|db-b08", "add|host|db-b12", "add|host|db-c08",
                          "add|host|db-c12", "add|host|db-d08", "add|host|db-d12"));
  EXPECT_THAT(read("ansible", "x[A:E:2]\n").commands,
              ElementsAre("add|host|xA", "add|host|xC", "add|host|xE"));
  for (const auto* wrong :
       {"n[d:b]", "n[a:F]", "n[a:c:0]", "n[1]", "n[1:2", "n[a:2]", "n[]", "n[1:99999][1:99999]"}) {
    EXPECT_EQ(refusal("ansible", std::string(wrong) + "\n"),
              "line 1: '" + std::string(wrong) + "' is no range: want node[01:50] or node[a:f]");
  }
}

TEST(Neighbour, AnsiblesListsOfHostsAreNotPassedOver) {
  const auto [commands, left] = read("ansible",
                                     "all:\n  hosts:\n    - s1\n    - s[2:3]\n  children:\n"
                                     "    web: {hosts: s1}\n    db:\n      children: [web]\n"
                                     "      vars: [a]\n");
  EXPECT_THAT(commands, ElementsAre("add|host|s1", "add|host|s2", "add|host|s3",
                                    "add|host|attr|s1|groups|web,db"));
  EXPECT_THAT(left, ElementsAre("line 9: group db vars"));
}

TEST(Neighbour, AnsiblesFilesHaveCommentsWhereAnsibleTakesThem) {
  for (const auto* first : {"---\nall:", "--- # the hall\nall:", "# it\n\n---\nall: # everybody",
                            "all:  # everybody", "%YAML 1.2\n---\nall:"}) {
    const auto [commands, left] =
        read("ansible", std::string(first) + "\n  hosts:\n    n1: {ansible_port: 2222}  # old\n");
    EXPECT_THAT(commands, ElementsAre("add|host|n1|port=2222")) << first;
    EXPECT_THAT(left, ::testing::IsEmpty()) << first;
  }
  const auto [commands, left] = read("ansible",
                                     "; the hall\n[gpu]  # with cards\nn1 site=a#b  # port=1\n"
                                     "[kvm:children]\ngpu  # all of them\n\t# none\n"
                                     "[all:vars]\nmotd=a # b\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n1", "add|host|attr|n1|site|a#b",
                                    "add|host|attr|n1|groups|gpu,kvm", "add|attr|motd|a # b"));
  EXPECT_THAT(left, ::testing::IsEmpty());
}

TEST(Neighbour, AnsiblesPortsFollowTheName) {
  EXPECT_THAT(read("ansible", "n1:2222 ansible_user=root\nn[08:09]:24\n").commands,
              ElementsAre("add|host|n1|port=2222|user=root", "add|host|n08|port=24",
                          "add|host|n09|port=24"));
  EXPECT_THAT(read("ansible", "n1:22 ansible_port=23\n").commands,
              ElementsAre("add|host|n1|port=23"))
      << "the last one counts";
  for (const auto* none : {"n1:2222x", "n1:ssh", "fd00::1"}) {
    EXPECT_THAT(read("ansible", std::string(none) + "\n").left,
                ElementsAre(HasSubstr("not a host name: '" + std::string(none) + "'")));
  }
}

TEST(Neighbour, XcatsExpressionsAreNoValues) {
  const auto [commands, left] = read("xcat",
                                     "k1:\n    objtype=node\n    ip=|k(\\d+)|10.7.0.($1+0)|\n"
                                     "    vmhost=|k(\\d+)|hv($1)|\n    groups=all,gpu\n"
                                     "k2:\n    vmhost=k1\n    vmmemory=4G\n    vmcpus=many\n");
  EXPECT_THAT(commands, ElementsAre("add|host|k1|appliance=vm-container",
                                    "add|host|vm|k2|k1|mem=4G", "add|host|attr|k1|groups|gpu"));
  EXPECT_THAT(left, ElementsAre("line 3: k1 ip=|k(\\d+)|10.7.0.($1+0)|: an expression, which "
                                "`lsdef NODE` works out",
                                "line 4: k1 vmhost=|k(\\d+)|hv($1)|: an expression, which `lsdef "
                                "NODE` works out",
                                "line 9: k2 vmcpus=many"));
}

TEST(Neighbour, WarewulfsNetworksAreKnownByTheirMask) {
  const auto [commands, left] = read("warewulf",
                                     "nodeprofiles:\n"
                                     "  net: {network devices: {2.5G: {netmask: 255.0.0.0, "
                                     "device: eno1}}}\n"
                                     "nodes:\n"
                                     "  n1:\n    profiles: [net, gone, ~gone]\n"
                                     "    network devices:\n"
                                     "      2.5G: {ipaddr: 10.1.0.1, gateway: 11.0.0.1, "
                                     "hwaddr: \"02:00:00:00:00:01\"}\n"
                                     "      ib0: {ipaddr: 10.2.0.1}\n"
                                     "  n2:\n    network devices:\n"
                                     "      default: {ipaddr: 10.3.0.2, hwaddr: "
                                     "\"02:00:00:00:00:01\"}\n");
  EXPECT_THAT(
      commands,
      ElementsAre("add|network|net-2_5g|10.0.0.0/8",
                  "add|host|n1|appliance=compute|address=10.1.0.1|mac=02:00:00:00:00:01|"
                  "subnet=net-2_5g",
                  "add|host|n2|appliance=compute|address=10.3.0.2", "add|host|attr|n1|groups|net"));
  EXPECT_THAT(left,
              ElementsAre("line 2: profile net 2.5G device: eno1",
                          "line 7: n1 2.5G gateway: 11.0.0.1", "line 8: n1 ib0 ipaddr: 10.2.0.1",
                          "line 10: n2 mac=02:00:00:00:00:01, which n1 has"));
}

TEST(Neighbour, WarewulfsOlderShapesAreRead) {
  const auto [commands, left] = read("warewulf",
                                     "nodes:\n"
                                     "  o1:\n    profiles: default,fat\n    networkdevices:\n"
                                     "      eth1: {ipaddr: 10.8.1.1/16}\n"
                                     "      eth0: {ipaddr: 10.8.0.1/16, default: True}\n"
                                     "  o2:\n    network devices:\n"
                                     "    - {name: eth0, ipaddr: 10.8.0.2, hwaddr: x}\n"
                                     "  o3:\n");
  EXPECT_THAT(commands,
              ElementsAre("add|network|eth0|10.8.0.0/16", "add|network|eth1|10.8.0.0/16",
                          "add|host|o1|appliance=compute|address=10.8.0.1|subnet=eth0",
                          "add|host|o2|appliance=compute|address=10.8.0.2",
                          "add|host|o3|appliance=compute", "add|host|attr|o1|groups|fat"));
  EXPECT_THAT(left,
              ElementsAre("line 5: o1 eth1 ipaddr: 10.8.1.1/16", "line 9: o2 eth0 hwaddr: x"));
}

TEST(Neighbour, AFormatHasAName) {
  EXPECT_THROW(neighbour_format("cobbler"), Error);
  EXPECT_EQ(neighbour_formats().size(), 6U);
}

}  // namespace
}  // namespace cluster::frontend
