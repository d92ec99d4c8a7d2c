#include "frontend/neighbours/neighbour.h"

// This file passes 400 lines: it is a list of files as people have them.

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
  auto reading = read_neighbour(
      neighbour_format(format), text, "file", [](const std::string& name) { HostName{name}; },
      [](const std::string& name) { return name == "elsewhere"; });
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
      ElementsAre("line 25: /opt/rocks/bin/rocks add roll kvm 6.2 x86_64 enabled=true os=linux",
                  "line 7: nas-1-0 membership=NAS Appliance: taken as compute",
                  "line 8: render-1 rack=1", "line 8: render-1 rank=7",
                  "line 14: render-1 eth0: bridge=private is a guess, as a dump names no bridge",
                  "line 9: vm-container-1-3 eno2 ip=131.10.4.3",
                  "line 9: vm-container-1-3 eno2 subnet=public"));
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
                                "line 4: h-0-0 ib0 mac=80:00:02:08:fe:80:00:00",
                                "line 4: h-0-0 ib0 subnet=private"));
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
                        "line 9: profile default runtime overlay: [generic]",
                        "line 12: profile gpu kernel: {args: intel_iommu=on}",
                        "line 27: wn01 ib0 ipaddr: 10.99.0.1", "line 30: wn01 default device: eno1",
                        "line 34: wn01 ipmi: {ipaddr: 10.41.0.1}",
                        "line 40: wn02 default netmask: 255.255.255.0"))
      << "the last profile counts, and a network has one mask";
  EXPECT_THAT(refusal("warewulf", "a: [\n"), HasSubstr("it is no YAML"));
  EXPECT_THAT(refusal("warewulf", "a: 1\n"), HasSubstr("no `nodes:`"));
}

TEST(Neighbour, AnsiblesGroupsAndRangesComeAlong) {
  const auto [commands, left] = read_file_of("ansible", "ansible.ini");
  EXPECT_THAT(
      commands,
      ElementsAre("add|host|login.example.org|address=192.0.2.7",
                  "add|host|kvm01|sudo=yes|user=ops", "add|host|kvm02|sudo=yes|user=ops",
                  "add|host|kvm03|sudo=yes|user=ops", "add|host|kvm09|port=2222",
                  "add|host|attr|kvm01|bridge|br0", "add|host|attr|kvm01|groups|kvm,cluster,gpu",
                  "add|host|attr|kvm02|bridge|br0", "add|host|attr|kvm02|groups|kvm,cluster",
                  "add|host|attr|kvm03|bridge|br0", "add|host|attr|kvm03|groups|kvm,cluster",
                  "add|host|attr|kvm09|bridge|br0", "add|host|attr|kvm09|location|second floor",
                  "add|host|attr|kvm09|groups|kvm,cluster", "add|attr|ntp|ntp.example.org"));
  EXPECT_THAT(left, ElementsAre("line 2: login.example.org ansible_connection=ssh"));
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
                  "add|host|kvm02|user=ops", "add|host|attr|kvm01|bridge|br0",
                  "add|host|attr|kvm01|groups|kvm,cluster,gpu", "add|host|attr|kvm02|bridge|br0",
                  "add|host|attr|kvm02|groups|kvm,cluster", "add|attr|ntp|ntp.example.org"));
  EXPECT_THAT(left,
              ElementsAre("line 15: kvm01 disks: [sda, sdb]", "line 15: kvm02 disks: [sda, sdb]"));
}

TEST(Neighbour, HostsOfTheMachineItselfAreNone) {
  const auto [commands, left] = read_file_of("hosts", "hosts");
  EXPECT_THAT(commands,
              ElementsAre("add|host|head|address=10.50.0.1", "add|host|gpu01|address=10.50.0.11",
                          "add|host|gpu02.cluster.example|address=10.50.0.12"));
  EXPECT_THAT(left, ElementsAre("line 5: 'nfs' is another name of head",
                                "line 7: fd00:50::11 is another address of gpu01"));
  EXPECT_THAT(read("hosts", "n1 10.0.0.1\n10.0.0.999 n2\nfe80::1%eth0 n3\n10.0.0.4 n4\n").left,
              ElementsAre("line 1: n1 10.0.0.1: 'n1' is no IP address",
                          "line 2: 10.0.0.999 n2: '10.0.0.999' is no IP address",
                          "line 3: fe80::1%eth0 n3: 'fe80::1%eth0' is no IP address"));
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
  const auto reading = read_neighbour(
      neighbour_format("rocks"),
      "rocks add host gpu membership='VM Container' rack=2\n"
      "rocks add host guest membership='Hosted VM'\n"
      "rocks set host vm guest physnode=gpu\n"
      "rocks add host interface guest eth0 mac=7a:77:6e:00:00:05\n"
      "rocks add host attr gpu gpupci1 pci_0000_02_00_0\n"
      "rocks add host attr guest site x\n"
      "rocks add host rest membership=Compute\n",
      "file",
      [](const std::string& name) {
        if (name == "gpu") throw Error(Fault::usage, "reserved");
      },
      [](const std::string&) { return false; });
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
  EXPECT_THAT(left, ElementsAre("line 9: group db vars: [a]"));
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
  EXPECT_THAT(commands, ElementsAre("add|host|n1", "add|host|attr|n1|site|a",
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

// As `ansible-inventory --list` of ansible-core 2.14 has them.
TEST(Neighbour, AnsiblesIniIsReadAsAnsibleReadsIt) {
  const auto [commands, left] = read(
      "ansible",
      "web1:2222 ansible_host=10.0.0.1\tcolour=\"sky blue\" mood='it is'\\'' ok'  # first\r\n"
      "[web]  # those of the page\r\n"
      "web[1:2]\n"
      "db-[a:b]:23 half=a#b\n"
      "[all:vars]\nansible_user = ops\nzone = \"a b\" # quoted\nplain = x # stays\nn=5 # five\n"
      "[web:vars]\nansible_user=www\ntier=front\nboth=web\n"
      "[site:vars]\nboth=site\ntier=none\nansible_become=yes\n"
      "[site:children]\nweb # the page\ngone\n"
      "[empty:vars]\nx=1\n");
  EXPECT_THAT(
      commands,
      ElementsAre("add|host|web1|address=10.0.0.1|port=2222|sudo=yes|user=www",
                  "add|host|web2|sudo=yes|user=www", "add|host|db-a|port=23|sudo=yes|user=www",
                  "add|host|db-b|port=23|sudo=yes|user=www", "add|host|attr|web1|both|web",
                  "add|host|attr|web1|tier|front", "add|host|attr|web1|colour|sky blue",
                  "add|host|attr|web1|mood|it is' ok", "add|host|attr|web1|groups|web,site",
                  "add|host|attr|web2|both|web", "add|host|attr|web2|tier|front",
                  "add|host|attr|web2|groups|web,site", "add|host|attr|db-a|both|web",
                  "add|host|attr|db-a|tier|front", "add|host|attr|db-a|half|a",
                  "add|host|attr|db-a|groups|web,site", "add|host|attr|db-b|both|web",
                  "add|host|attr|db-b|tier|front", "add|host|attr|db-b|half|a",
                  "add|host|attr|db-b|groups|web,site", "add|attr|zone|a b",
                  "add|attr|plain|x # stays", "add|attr|n|5"));
  EXPECT_THAT(left, ElementsAre("line 20: group gone: the file has no such group",
                                "line 22: group empty x=1: no host is in it"));
  EXPECT_EQ(refusal("ansible", "n1 a='b\n"), "line 1: a quote (') is not closed");
  EXPECT_EQ(refusal("ansible", "[a] b\n"), "line 1: 'b' stands behind a section");
  EXPECT_EQ(refusal("ansible", "[a\n"), "line 1: '[a' lacks a ]");
}

TEST(Neighbour, AnsiblesHostThatIsNamedTwiceHasTheLastValue) {
  const auto [commands, left] = read("ansible",
                                     "[a]\nn1 ansible_host=10.0.0.1 k=1\n"
                                     "[b]\nn1 ansible_host=10.0.0.2 k=2\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n1|address=10.0.0.2", "add|host|attr|n1|k|2",
                                    "add|host|attr|n1|groups|a,b"));
  EXPECT_THAT(left, ElementsAre("line 4: n1 address=10.0.0.1, said before: it is 10.0.0.2 here",
                                "line 2: host attr n1 k 1: it is 2 further on"));
}

TEST(Neighbour, AnAddressOfIpv6IsNoHostsName) {
  const auto [commands, left] =
      read("ansible", "[fe80::1]:22 a=b\n2001:db8::5\nn6 ansible_host=2001:db8::6\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n6|address=2001:db8::6"));
  EXPECT_EQ(left.size(), 2U);
}

TEST(Neighbour, AnsiblesYamlBeginsInSeveralWays) {
  for (const auto* text :
       {"all: # everybody\n  hosts: {n1: }\n", "\"all\":\n  hosts:\n    n1:\n",
        "%YAML 1.1\n---\nall: {hosts: {n1: {}}}\n", "{\"all\": {\"hosts\": {\"n1\": null}}}\n",
        "\n# x\n--- # begins\nall:\n  hosts: n1\n", "all: {hosts: {n1: }}\r\n"}) {
    EXPECT_THAT(read("ansible", text).commands, ElementsAre("add|host|n1")) << text;
  }
  EXPECT_THAT(read("ansible", "n1:22\n").commands, ElementsAre("add|host|n1|port=22"));
}

TEST(Neighbour, WhatYamlMergesComesAlong) {
  const auto [commands, left] =
      read("ansible",
           "all:\n  vars:\n    common: &c {ansible_user: root, a: 1}\n  hosts:\n"
           "    n1: {<<: *c, a: 2}\n    n2: {<<: [{b: 3}, *c]}\n    n3: \"*c\"\n");
  EXPECT_THAT(commands,
              ElementsAre("add|host|n1|user=root", "add|host|n2|user=root", "add|host|n3",
                          "add|host|attr|n1|a|2", "add|host|attr|n2|b|3", "add|host|attr|n2|a|1"));
  EXPECT_THAT(
      left, ElementsAre("line 3: group all common: {ansible_user: root, a: 1}", "line 7: n3: *c"));
  EXPECT_THAT(read("warewulf",
                   "x: &n {network devices: {default: {ipaddr: 10.1.0.1}}}\n"
                   "nodes:\n  n1:\n    <<: *n\n")
                  .commands,
              ElementsAre("add|host|n1|appliance=compute|address=10.1.0.1"));
  EXPECT_EQ(refusal("ansible", "all:\n  hosts: {n1: {<<: 5}}\n"),
            "line 2: << merges maps alone (want <<: *NAME)");
}

TEST(Neighbour, OneYamlDocumentIsReadAndNoneIsLost) {
  EXPECT_EQ(refusal("ansible", "---\nall: {hosts: {n1: }}\n---\nall: {hosts: {n2: }}\n"),
            "line 4: a second document begins: want one in a file");
  EXPECT_THAT(read("ansible", "---\nall: {hosts: {n1: }}\n...\n---\n").commands,
              ElementsAre("add|host|n1"))
      << "an empty one says nothing";
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  EXPECT_THAT(refusal("warewulf", bomb), HasSubstr("references make too much"));
}

TEST(Neighbour, RocksOwnAppliancesComeWhenSomethingHasThem) {
  const auto [commands, left] =
      read("rocks",
           "rocks add appliance nas membership='NAS Appliance' short-name=nas node=nas\n"
           "rocks add appliance power membership='Power Units'\n"
           "rocks add appliance compute membership=Compute\n"
           "rocks add host nas-0-0 membership='NAS Appliance'\n"
           "rocks add appliance attr nas export /a\nrocks add appliance attr gone x y\n"
           "rocks add host interface nas-0-0 eth0 ip=10.1.1.1 name=nas-0-0 default=True "
           "options=noreport gateway=None subnet=private\n");
  EXPECT_THAT(commands,
              ElementsAre("add|appliance|nas", "add|host|nas-0-0|appliance=nas|address=10.1.1.1",
                          "add|appliance|attr|nas|export|/a"));
  EXPECT_THAT(
      left,
      ElementsAre("line 6: appliance gone x=y", "line 2: appliance power, which nothing has",
                  "line 7: nas-0-0 eth0 default=True", "line 7: nas-0-0 eth0 options=noreport",
                  "line 7: nas-0-0 eth0 subnet=private"));
}

TEST(Neighbour, OfAHostsNamesTheShortOneCounts) {
  EXPECT_THAT(
      read("hosts",
           "10.0.0.1\tn1.example.org nfs n1 # here\r\n10.0.0.2 n2.example.org\r\n"
           "fd00::3 n3-ib n3\n127.0.1.1 me\n")
          .commands,
      ElementsAre("add|host|n1|address=10.0.0.1", "add|host|n2.example.org|address=10.0.0.2",
                  "add|host|n3-ib|address=fd00::3"));
}

TEST(Neighbour, WhatNoneMayHaveHereIsListed) {
  const auto [commands, left] = read("ansible", "n1 a-b=1 1x=2 ok=3\nN1\n");
  EXPECT_THAT(commands,
              ElementsAre("add|host|n1", "add|host|attr|n1|a-b|1", "add|host|attr|n1|ok|3"));
  EXPECT_THAT(left, ElementsAre("line 2: N1 is n1 in another case",
                                "line 1: host attr n1 1x 2: no attribute has such a name"));
}

TEST(Neighbour, AValueThatNoneMayHaveKeepsNobodyOut) {
  const auto [commands, left] =
      read("ansible",
           "n1 ansible_port=many ansible_user=-x ansible_host=10.0.0.999 ansible_become=yes\n"
           "n2 ansible_ssh_common_args='-o ProxyJump=\"ops@gate:24,inner\"'\n"
           "n3 ansible_ssh_common_args='-o ProxyJump=a -o X=y'\n"
           "n4 rollcall_appliance=vm-container rollcall_rack=3 rollcall_rank=x\n"
           "v1 rollcall_host=n4 ansible_host=10.0.0.9\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n1|sudo=yes", "add|host|n2|jump=ops@gate:24,inner",
                                    "add|host|n3", "add|host|n4|appliance=vm-container|rack=3",
                                    "add|host|vm|v1|n4"));
  EXPECT_EQ(left.size(), 6U) << joined(left, "\n");
  EXPECT_THAT(read("ssh-config", "Host n1\n  HostName fe80::1%eth0\n").commands,
              ElementsAre("add|host|n1"));
}

TEST(Neighbour, RocksDumpsHaveMoreThanHasAPlace) {
  const auto [commands, left] =
      read("rocks",
           "rocks add host n1 membership='VM Container'\nrocks add host alias n1 foo\n"
           "rocks add host route n1 10.0.0.0 n1\nrocks set attr x y\n"
           "rocks set appliance attr compute a b\nrocks add host v1 membership='Hosted VM'\n"
           "rocks set host vm v1 physnode=n1 disk='file:/a b,vda,virtio' disksize=10 "
           "virt-type=para\n"
           "rocks add host interface v1 eth0 vlan=0\nrocks set host interface mac v1 eth0 None\n"
           "rocks add host interface v1 eth1 vlan=5000 mac=zz\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n1|appliance=vm-container", "add|host|vm|v1|n1",
                                    "add|attr|x|y", "add|appliance|attr|compute|a|b",
                                    "add|host|interface|v1|eth0|bridge=private",
                                    "add|host|interface|v1|eth1|bridge=private"));
  EXPECT_THAT(left,
              ElementsAre("line 2: rocks add host alias n1 foo",
                          "line 3: rocks add host route n1 10.0.0.0 n1", "line 7: v1 disksize=10",
                          "line 7: v1 virt-type=para",
                          "line 8: v1 eth0: bridge=private is a guess, as a dump names no bridge",
                          "line 10: v1 eth1: bridge=private is a guess, as a dump names no bridge",
                          "line 10: v1 eth1 mac=zz", "line 10: v1 eth1 vlan=5000",
                          "line 6: v1 disk=file:/a b,vda,virtio: want SOURCE:PATH,DEVICE,BUS, with "
                          "blanks between several"));
}

TEST(Neighbour, AVmOfAHostThatNobodyKnowsKeepsNobodyOut) {
  const auto [commands, left] =
      read("xcat", "n1 :\n  ip=10.0.0.1\nv1:\n  vmhost=n9\nv2:\n  vmhost=elsewhere\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n1|appliance=compute|address=10.0.0.1",
                                    "add|host|vm|v2|elsewhere"));
  EXPECT_THAT(left, ElementsAre("line 3: v1 is a VM of n9, which is neither in the file nor in the "
                                "inventory"));
}

TEST(Neighbour, OfWarewulfNothingIsPassedOver) {
  EXPECT_THAT(
      read("warewulf", "nodeprofiles:\n  p: [a]\nnodes:\n  n1: [1, 2]\n  n2: text\nextra: {a: 1}\n")
          .left,
      ElementsAre("line 2: profile p: [a]", "line 4: n1: [1, 2]", "line 5: n2: text",
                  "line 6: extra: {a: 1}"));
}

TEST(Neighbour, OfCardsThatRocksGivesTwiceTheFirstCounts) {
  const auto [commands, left] = read("rocks",
                                     "rocks add host n1 membership='VM Container'\n"
                                     "rocks add host attr n1 gpupci1 pci_0000_02_00_0\n"
                                     "rocks add host attr n1 gpupci2 pci_0000_02_00_1\n"
                                     "rocks add host attr n1 gpupci pci_0000_03_00_0\n"
                                     "rocks add host attr n1 gpupci3 pci_zz\n"
                                     "rocks add host attr n1 gpupci1 pci_0000_04_00_0\n"
                                     "rocks set host vm v1 physnode=n1\n"
                                     "rocks set host vm v2 physnode=n1\n"
                                     "rocks add host attr v1 gpupci pci_0000_02_00_0\n"
                                     "rocks add host attr v2 gpupci pci_0000_02_00_0\n"
                                     "rocks add host attr v2 gpupci2 pci_0000_09_00_0\n"
                                     "rocks set host vm v3 physnode=elsewhere\n"
                                     "rocks add host attr v3 gpupci pci_0000_02_00_0\n");
  EXPECT_THAT(commands, ElementsAre("add|host|n1|appliance=vm-container", "add|host|vm|v1|n1",
                                    "add|host|vm|v2|n1", "add|host|vm|v3|elsewhere",
                                    "add|host|gpu|n1|gpupci1|pci_0000_02_00_0",
                                    "add|host|gpu|v1|gpupci|pci_0000_02_00_0",
                                    "add|host|gpu|v3|gpupci|pci_0000_02_00_0"));
  EXPECT_EQ(left.size(), 6U) << joined(left, "\n");
  EXPECT_THAT(left, Contains("line 3: n1 gpupci2=pci_0000_02_00_1, which gpupci1 is already"));
  EXPECT_THAT(left, Contains("line 4: n1 gpupci=pci_0000_03_00_0: a host's card has a number"));
  EXPECT_THAT(left, Contains("line 6: n1 gpupci1=pci_0000_04_00_0: it is there already"));
  EXPECT_THAT(left, Contains("line 10: v2 gpupci=pci_0000_02_00_0, which v1 has"));
  EXPECT_THAT(left, Contains("line 11: v2 gpupci2=pci_0000_09_00_0: n1 has no such card"));
}

TEST(Neighbour, ASecretIsToldByItsNameAlone) {
  EXPECT_THAT(read("ansible", "n1 ansible_password=hunter2 ansible_become_pass=x\n").left,
              ElementsAre("line 1: n1 ansible_password=***", "line 1: n1 ansible_become_pass=***"));
  EXPECT_THAT(read("warewulf",
                   "nodes:\n  n1:\n    ipmi: {username: admin, password: hunter2}\n"
                   "    network devices:\n      eth0: {tags: {DNS: 1.1.1.1}}\n")
                  .left,
              ElementsAre("line 3: n1 ipmi: {username: admin, password: \"***\"}",
                          "line 5: n1 eth0 tags: {DNS: 1.1.1.1}"));
}

TEST(Neighbour, AValueThatLooksLikeAnOptionIsAValue) {
  const auto [commands, left] =
      read("ansible",
           "[all]\nn1 a=-x b=--help c=file=/etc/motd d=db=x e=attr=x f=value=x g=files=x h=x-y\n");
  EXPECT_THAT(
      commands,
      ElementsAre("add|host|n1", "add|host|attr|n1|a|value=-x", "add|host|attr|n1|b|value=--help",
                  "add|host|attr|n1|c|value=file=/etc/motd", "add|host|attr|n1|d|value=db=x",
                  "add|host|attr|n1|e|value=attr=x", "add|host|attr|n1|f|value=value=x",
                  "add|host|attr|n1|g|files=x", "add|host|attr|n1|h|x-y"));
  EXPECT_THAT(read("rocks", "rocks add attr boot \"-v\"\n").commands,
              ElementsAre("add|attr|boot|value=-v"));
}

TEST(Neighbour, AFormatHasAName) {
  EXPECT_THROW(neighbour_format("cobbler"), Error);
  EXPECT_EQ(neighbour_formats().size(), 6U);
}

}  // namespace
}  // namespace cluster::frontend
