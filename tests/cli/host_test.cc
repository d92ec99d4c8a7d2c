#include "tests/support/story.h"

namespace cluster {
namespace {

using HostStory = Story;

TEST_F(HostStory, NamesSayApplianceRackAndRank) {
  cluster({"add", "host", "vm-container-0-15"});
  cluster({"add", "host", "compute-3-2", "rack=7"});
  cluster({"add", "host", "node"});
  cluster({"add", "host", "gpu-box-1-2"});
  EXPECT_EQ(cluster({"list", "host"}),
            "HOST               APPLIANCE    RACK RANK CPUS ADDRESS PORT USER SUDO MAINTENANCE\n"
            "compute-3-2:       compute      7    2    -    -       -    -    -    -\n"
            "gpu-box-1-2:       vm-container -    -    -    -       -    -    -    -\n"
            "node:              vm-container -    -    -    -       -    -    -    -\n"
            "vm-container-0-15: vm-container 0    15   -    -       -    -    -    -\n");
}

TEST_F(HostStory, ListsAsJsonAndCsv) {
  cluster({"add", "host", "n1", "address=10.0.0.1", "port=2222"});
  EXPECT_EQ(cluster({"list", "host", "n1", "format=csv"}),
            "host,appliance,rack,rank,cpus,address,port,user,sudo,maintenance\n"
            "n1,vm-container,,,,10.0.0.1,2222,,,\n");
  EXPECT_EQ(cluster({"list", "host", "--format", "json"}).substr(0, 24),
            "[\n  {\n    \"host\": \"n1\",\n");
  cluster({"list", "host", "format=xml"}, 2, "not a format: 'xml' (want table, json or csv)");
}

TEST_F(HostStory, SetChangesWhatIsNamedAndNothingElse) {
  cluster({"add", "host", "vm-container-0-1", "address=10.0.0.1", "user=root"});
  cluster({"add", "host", "vm-container-0-2", "address=10.0.0.2"});
  cluster({"set", "host", "vm-container-0-[1-2]", "cpus=64", "port=2200"});
  cluster({"set", "host", "rack0", "cpus=64"}, 0, "changed 2 hosts");
  cluster({"set", "host", "vm-container-0-1", "user="});
  EXPECT_EQ(cluster({"list", "host"}),
            "HOST              APPLIANCE    RACK RANK CPUS ADDRESS  PORT USER SUDO MAINTENANCE\n"
            "vm-container-0-1: vm-container 0    1    64   10.0.0.1 2200 -    -    -\n"
            "vm-container-0-2: vm-container 0    2    64   10.0.0.2 2200 -    -    -\n");
  cluster({"set", "host", "vm-container-0-1"}, 2, "set host: nothing to set (want key=value)");
}

TEST_F(HostStory, SetIsDoneForAllOrForNone) {
  cluster({"add", "host", "n1", "address=10.0.0.1"});
  cluster({"add", "host", "n2", "address=10.0.0.2"});
  const auto before = dump();
  cluster({"set", "host", "n1", "n2", "address=10.0.0.9"}, 1,
          "address '10.0.0.9' port 22 is that of host 'n1'");
  EXPECT_EQ(dump(), before);
}

TEST_F(HostStory, OneAddressBehindTwoJumpHostsIsTwoHosts) {
  cluster({"add", "host", "a1", "address=10.0.0.5", "jump=gate-a"});
  cluster({"add", "host", "b1", "address=10.0.0.5", "jump=you@gate-b:24,[fd00::1]:22"});
  cluster({"add", "host", "c1", "address=10.0.0.5"});
  cluster({"add", "host", "a2", "address=10.0.0.5", "jump=gate-a"}, 1,
          "address '10.0.0.5' port 22 behind jump host 'gate-a' is that of host 'a1'");
  const auto before = dump();
  cluster({"set", "host", "a1", "jump="}, 1, "address '10.0.0.5' port 22 is that of host 'c1'");
  for (const auto* wrong :
       {"none", "-oProxyCommand=x", "gate:0", "gate,", "a b", "%h", "[fd00::1"}) {
    cluster({"set", "host", "c1", std::string("jump=") + wrong}, 2,
            "jump='" + std::string(wrong) + "': want jump hosts as ssh has them: gate, " +
                "you@gate:24, several with commas");
  }
  EXPECT_EQ(dump(), before);
  run({"run", "host", "a1", "true"});
  EXPECT_EQ(transport.asked_targets.at(0).jump, "gate-a");
}

TEST_F(HostStory, OneAddressHasOneSpelling) {
  cluster({"add", "host", "n1", "address=FE80:0:0::A1"});
  EXPECT_EQ(cluster({"dump", "host"}),
            "cluster add host n1 appliance=vm-container address=fe80::a1\n");
  cluster({"add", "host", "n2", "address=fe80::00a1"}, 1,
          "address 'fe80::a1' port 22 is that of host 'n1'");
}

TEST_F(HostStory, DumpRebuilds) {
  cluster({"add", "host", "vm-container-0-1", "address=fe80::1", "port=22", "user=root", "rack="});
  cluster({"add", "host", "vm", "rocks-1", "vm-container-0-1",
           "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
  cluster({"set", "host", "rocks-1", "address=vm1.example.org", "rack=7", "maintenance=yes",
           "reason=a fan"});
  EXPECT_EQ(cluster({"dump", "host"}),
            "cluster add host vm-container-0-1 appliance=vm-container rack= rank=1 address=fe80::1 "
            "port=22 "
            "user=root\n");
  EXPECT_EQ(cluster({"dump", "host", "vm"}),
            "cluster add host vm rocks-1 vm-container-0-1 "
            "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804 mem=1024 cpus=1 "
            "disk=file:/var/lib/libvirt/images/rocks-1.vda,vda,virtio,raw disksize=36\n"
            "cluster set host rocks-1 rack=7 address=vm1.example.org maintenance=yes reason='a "
            "fan'\n");
}

TEST_F(HostStory, OnlyAddHostVmMakesAVm) {
  cluster({"add", "host", "n1"});
  const auto before = dump();
  cluster({"add", "host", "v1", "appliance=vm"}, 2,
          "appliance=vm: host 'v1' would be a VM on no container (`cluster add host vm` adds VMs)");
  cluster({"set", "host", "n1", "appliance=vm"}, 2,
          "appliance=vm: host 'n1' would be a VM on no container (`cluster add host vm` adds VMs)");
  EXPECT_EQ(dump(), before);
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"set", "host", "v1", "appliance=vm", "rack=7"});
  cluster({"set", "host", "v1", "appliance=compute"}, 1, "host 'v1' is a VM and stays one");
}

TEST_F(HostStory, RemoveTakesTheCardsAlong) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "n2"});
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  EXPECT_EQ(cluster({"remove", "host", "n1"}, 0, "removed 1 host with 1 card"), "");
  EXPECT_EQ(dump(), "cluster add host n2 appliance=vm-container\n");
  cluster({"add", "host", "n[3-4]"}, 0, "added 2 hosts");
  for (const auto* slot : {"02:00.0", "03:00.0"}) {
    cluster({"add", "host", "gpu", "n3", slot[1] == '2' ? "gpupci1" : "gpupci2", slot});
  }
  cluster({"remove", "host", "n[3-4]"}, 0, "removed 2 hosts with 2 cards");
  cluster({"remove", "host", "n2"}, 0, "");
}

TEST_F(HostStory, RemoveOfWhatIsNotSpelledOutWantsAYes) {
  cluster({"add", "host", "n[1-4]"}, 0, "added 4 hosts");
  for (const auto* word : {"n*", "vm-container", "all", "!n4", "appliance=vm-container"}) {
    const auto [out, err, status] = run({"remove", "host", word});
    EXPECT_EQ(status, 1) << word;
    EXPECT_TRUE(err.ends_with("n[1-4]: want yes=yes, or their names\n") ||
                err.ends_with("n[1-3]: want yes=yes, or their names\n"))
        << err;
  }
  EXPECT_EQ(cluster({"expand", "host", "count=yes"}), "4\n");
  cluster({"remove", "host", "n[1-2]"}, 0, "removed 2 hosts");
  cluster({"remove", "host", "n*", "yes=yes"}, 0, "removed 2 hosts");
}

TEST_F(HostStory, AddTakesARangeWithCountingAddresses) {
  cluster({"add", "host", "n[08-10]", "ip=10.1.1.254", "user=root"}, 0, "added 3 hosts");
  cluster({"add", "host", "r[1-2]n[1-2]", "address=10.2.[1-2].[1-2]"}, 0, "added 4 hosts");
  EXPECT_EQ(cluster({"dump", "host"}),
            "cluster add host n08 appliance=vm-container address=10.1.1.254 user=root\n"
            "cluster add host n09 appliance=vm-container address=10.1.1.255 user=root\n"
            "cluster add host n10 appliance=vm-container address=10.1.2.0 user=root\n"
            "cluster add host r1n1 appliance=vm-container address=10.2.1.1\n"
            "cluster add host r1n2 appliance=vm-container address=10.2.1.2\n"
            "cluster add host r2n1 appliance=vm-container address=10.2.2.1\n"
            "cluster add host r2n2 appliance=vm-container address=10.2.2.2\n");
  const auto before = dump();
  EXPECT_EQ(run({"add", "host", "n[11-13]", "ip=10.1.1.252"}).status, 1);  // the third is taken
  EXPECT_EQ(run({"add", "host", "n[9-12]", "ip=10.2.[1-2].[1-3]"}).status, 2);
  EXPECT_EQ(run({"add", "host", "n[20-22]", "address=login.example"}).status, 2);
  EXPECT_EQ(dump(), before);
}

TEST_F(HostStory, WordsOfTheCommandLineAreNoNames) {
  for (const auto* word : {"free", "failing", "all", "add", "host", "gpus", "interfaces", "alias",
                           "rack7", "console"}) {
    EXPECT_EQ(run({"add", "host", word}).status, 2) << word;
  }
  cluster({"add", "host", "a_b"});
  EXPECT_EQ(run({"add", "host", "vm", "free", "a_b"}).status, 2);
}

TEST_F(HostStory, AWrongKeyIsAnsweredWithTheNearest) {
  cluster({"add", "host", "n1"});
  const auto ends = [&](const std::vector<std::string>& words, const std::string& end) {
    const auto [out, err, status] = run(words);
    EXPECT_EQ(status, 2);
    EXPECT_TRUE(err.ends_with(end + "\n")) << err;
  };
  ends({"list", "host", "gpu", "detial=yes"}, " (did you mean 'detail='?)");
  ends({"add", "host", "n2", "adress=10.0.0.1"}, " (did you mean 'address='?)");
  ends({"set", "host", "n1", "--adress", "10.0.0.1"}, " (did you mean 'address='?)");
  cluster({"set", "host", "n1", "name=n2"}, 2,
          "'name=n2' is no key of this command, and no host has an attribute 'name'");
}

TEST_F(HostStory, RemoveIsRefusedWhileItHasVms) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "n2"});
  cluster({"add", "host", "gpu", "n2", "gpupci1", "02:00.0"});
  cluster({"add", "host", "vm", "rocks-33", "n2"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  const auto before = dump();
  cluster({"remove", "host", "n1", "n2"}, 1,
          "host 'n2' still has VMs (rocks-33 with gpupci1): remove them first");
  cluster({"remove", "host", "rocks-33"}, 1,
          "host 'rocks-33' is a VM: `cluster remove host vm rocks-33`");
  EXPECT_EQ(dump(), before);
}

TEST_F(HostStory, SelectsHostsAsRocksDoes) {
  for (const auto* name :
       {"vm-container-0-1", "vm-container-0-2", "vm-container-1-1", "compute-0-0"}) {
    cluster({"add", "host", name});
  }
  const auto listed = [this](const std::vector<std::string>& words) {
    std::vector<std::string> line{"list", "host", "format=csv"};
    line.insert(line.end(), words.begin(), words.end());
    std::istringstream rows(cluster(line));
    std::string names;
    std::string row;
    std::getline(rows, row);
    while (std::getline(rows, row)) names += row.substr(0, row.find(',')) + " ";
    return names;
  };
  EXPECT_EQ(listed({"compute"}), "compute-0-0 ");
  EXPECT_EQ(listed({"rack0"}), "compute-0-0 vm-container-0-1 vm-container-0-2 ");
  EXPECT_EQ(listed({"vm-%", "!vm-container-0-[1-2]"}), "vm-container-1-1 ");
  EXPECT_EQ(listed({"!rack0"}), "vm-container-1-1 ");
}

TEST_F(HostStory, RefusesWhatIsWrong) {
  cluster({"add", "host", "vm-container-0-15", "address=10.0.0.15"});
  const auto before = dump();
  cluster({"add", "host", "vm-container-0-15"}, 1,
          "host 'vm-container-0-15' is in the inventory already");
  cluster({"add", "host", "VM-Container-0-15"}, 1,
          "host 'VM-Container-0-15' differs from 'vm-container-0-15' in case only");
  cluster({"add", "host", "n2", "address=10.0.0.15"}, 1,
          "address '10.0.0.15' port 22 is that of host 'vm-container-0-15'");
  cluster({"add", "host", "n2", "appliance=toaster"}, 2,
          "no appliance 'toaster' (want one of compute, frontend, vm, vm-container)");
  cluster({"add", "host", "n2", "port=65536"}, 2,
          "port='65536': want a whole number from 1 to 65535");
  cluster({"add", "host", "n2", "cpus=many"}, 2,
          "cpus='many': want a whole number from 1 to 2147483647");
  cluster({"add", "host", "n2", "address=10.0.0.256"}, 2,
          "address='10.0.0.256': want an IP address or a DNS name");
  cluster({"add", "host", "n2", "user=-oProxyCommand=id"}, 2,
          "user='-oProxyCommand=id': want a login name");
  cluster({"add", "host", "compute"}, 2,
          "host name 'compute' means a group of hosts: want another");
  cluster({"add", "host", "rack0"}, 2, "host name 'rack0' means a group of hosts: want another");
  cluster({"list", "host", "vm-contaner-0-15"}, 1,
          "host 'vm-contaner-0-15' is not in the inventory (did you mean 'vm-container-0-15'?)");
  cluster({"remove", "host", "vm-container-0-[15-16]"}, 1,
          "host 'vm-container-0-16' is not in the inventory (did you mean 'vm-container-0-15'?)");
  cluster({"list", "host", "node*"}, 1, "no host matches 'node*'");
  cluster({"list", "host", "rack9"}, 1, "no host is in 'rack9'");
  cluster({"list", "host", "n-[2-1]"}, 2,
          "not a range of hosts: 'n-[2-1]' (want n[0-15,20], n[001-100] or n[1-9/2])");
  EXPECT_EQ(dump(), before);
}

TEST_F(HostStory, MetacharactersAreRefusedEverywhere) {
  cluster({"add", "host", "n1"});
  const auto before = dump();
  for (const std::string evil : {"n; reboot", "$(reboot)", "n'--", "' OR 1=1 --", "<name>", "a&b",
                                 "n\nn", "../n", "\x1b[2J", "n|m", "`id`", "\"n\""}) {
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"add", "host", evil},
                                               {"add", "host", "n2", "address=" + evil},
                                               {"add", "host", "n2", "user=" + evil},
                                               {"add", "host", "n2", "appliance=" + evil},
                                               {"add", "host", "n2", "rack=" + evil},
                                               {"set", "host", "n1", "address=" + evil},
                                               {"add", "host", "gpu", "n1", evil, "02:00.0"},
                                               {"add", "host", "gpu", "n1", "gpupci1", evil},
                                               {"add", "host", "vm", evil, "n1"},
                                               {"add", "host", "vm", "v1", evil},
                                               {"add", "host", "vm", "v1", "n1", "mem=" + evil},
                                               {"add", "host", "vm", "v1", "n1", "disk=" + evil},
                                               {"add", "host", "vm", "v1", "n1", "uuid=" + evil},
                                               {"remove", "host", evil},
                                               {"report", "vm", "config", evil},
                                               {"run", "host", evil, "id"}}) {
      const auto [out, err, status] = run(words);
      EXPECT_TRUE(status == 1 || status == 2) << status << ": " << err;
      EXPECT_EQ(out, "");
      EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
      EXPECT_EQ(err.find('\x1b'), std::string::npos);
    }
  }
  EXPECT_EQ(dump(), before);
}

TEST_F(HostStory, ReportsWhatAnEtcHostsHas) {
  cluster({"add", "host", "n1", "address=10.1.0.1"});
  cluster({"add", "host", "n2", "address=n2.example.org"});
  cluster({"add", "host", "n3"});
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0", "address=10.1.0.5/24"});
  cluster({"add", "host", "interface", "v1", "eth1", "bridge=br1", "address=10.2.0.5/24"});
  EXPECT_EQ(
      cluster({"report", "host", "hosts"}, 0, "the inventory has no IP address of n[2-3] (2)"),
      "10.1.0.1\tn1\n10.1.0.5\tv1\n10.2.0.5\tv1-eth1\n");
  EXPECT_EQ(cluster({"report", "host", "hosts", "n1"}), "10.1.0.1\tn1\n");
}

TEST_F(HostStory, AListShowsTheColumnsThatOneWants) {
  cluster({"add", "host", "n2", "cpus=8"});
  cluster({"add", "host", "n10", "cpus=16"});
  EXPECT_EQ(cluster({"list", "host", "columns=cpus,host", "sort=-cpus"}),
            "CPUS HOST\n16:  n10\n8:   n2\n");
  EXPECT_EQ(cluster({"list", "host", "columns=host", "format=csv"}), "host\nn2\nn10\n");
  const auto wrong = run({"list", "host", "columns=hots"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.err.find("cluster: columns='hots': no such column (want host, appliance, "), 0U)
      << wrong.err;
}

}  // namespace
}  // namespace cluster
