#include <gmock/gmock.h>

#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class HostVm : public Story {
 protected:
  void SetUp() override { cluster({"add", "host", "vm-container-0-15"}); }
};

TEST_F(HostVm, AddThenList) {
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4"});
  cluster({"add", "host", "vm", "rocks-4", "vm-container-0-15", "disk=file:/vm/a.qcow2,vda,virtio",
           "disk=phy:/dev/vg0/b,vdb,scsi", "disksize=10"});
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  EXPECT_EQ(cluster({"list", "host", "vm"}),
            "VM        HOST              MEM  CPUS GPU            DISK                            "
            "                              DISKSIZE\n"
            "rocks-4:  vm-container-0-15 1024 1    -              "
            "file:/vm/a.qcow2,vda,virtio,qcow2 phy:/dev/vg0/b,vdb,scsi,raw 10 -\n"
            "rocks-33: vm-container-0-15 4096 4    gpupci=gpupci1 "
            "file:/var/lib/libvirt/images/rocks-33.vda,vda,virtio,raw      36\n");
  EXPECT_EQ(cluster({"list", "host", "vm", "vm-container-0-15"}), cluster({"list", "host", "vm"}));
}

TEST_F(HostVm, AVmIsAHostOfItsOwn) {
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15"});
  cluster({"set", "host", "rocks-33", "address=10.1.1.33", "user=root"});
  EXPECT_EQ(cluster({"list", "host", "rocks-33"}),
            "HOST      APPLIANCE RACK RANK CPUS ADDRESS   PORT USER SUDO MAINTENANCE\n"
            "rocks-33: vm        -    -    -    10.1.1.33 -    root -    -\n");
  cluster({"set", "host", "rocks-33", "appliance=compute"}, 1,
          "host 'rocks-33' is a VM and stays one");
}

TEST_F(HostVm, SetChangesWhatIsNamed) {
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4",
           "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
  cluster({"set", "host", "vm", "rocks-33", "mem=8192"});
  cluster({"set", "host", "vm", "rocks-33", "disk=file:/vm/it's here.img,sda,sata,raw"});
  EXPECT_EQ(
      cluster({"dump", "host", "vm"}),
      "cluster add host vm rocks-33 vm-container-0-15 uuid=c2177883-f1bb-47f0-914d-32a22e3a8804 "
      "mem=8192 cpus=4 'disk=file:/vm/it'\\''s here.img,sda,sata,raw' disksize=\n");
  cluster({"set", "host", "vm", "rocks-33"}, 2, "set host vm: nothing to set (want key=value)");
}

TEST_F(HostVm, ItsDiskMayBeMadeOfAnImage) {
  cluster({"add", "host", "vm", "v1", "vm-container-0-15", "image=/iso/debian.qcow2"});
  cluster({"add", "host", "vm", "v2", "vm-container-0-15", "image=/iso/debian.qcow2", "how=backing",
           "disksize=40"});
  const auto disks = [this] { return cluster({"list", "host", "vm", "format=csv"}); };
  EXPECT_THAT(disks(), HasSubstr("images/v1.vda,vda,virtio,raw,image=/iso/debian.qcow2\""));
  EXPECT_THAT(disks(), HasSubstr("v2.vda,vda,virtio,qcow2,image=/iso/debian.qcow2,how=backing\""));
  cluster({"set", "host", "vm", "v1", "image="});
  EXPECT_THAT(disks(), HasSubstr("images/v1.vda,vda,virtio,raw\""));
  cluster({"set", "host", "vm", "v1", "how=backing", "image=/iso/debian.qcow2"}, 2,
          "disk='file:/var/lib/libvirt/images/v1.vda,vda,virtio,raw,image=/iso/debian.qcow2,"
          "how=backing': how=backing goes with the format qcow2 only");
  cluster({"set", "host", "vm", "v1", "how=copy"}, 2, "how='copy': want image= as well");
}

TEST_F(HostVm, HasACdromPutInAndTakenOut) {
  cluster({"add", "host", "vm", "v1", "vm-container-0-15"});
  const auto before = dump();
  cluster({"set", "host", "vm", "v1", "cdrom=/iso/debian.iso"});
  EXPECT_THAT(dump(), HasSubstr(" disk=cdrom:/iso/debian.iso,sda,sata,raw disksize="));
  cluster({"set", "host", "vm", "v1", "cdrom=iso"}, 2,
          "cdrom='iso': want an absolute path on the container, or none");
  cluster({"set", "host", "vm", "v1", "cdrom=none"});
  EXPECT_EQ(dump(), before);
}

TEST_F(HostVm, GetsAUuidThatStays) {
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15"});
  const auto first = cluster({"dump", "host", "vm"});
  EXPECT_THAT(first,
              MatchesRegex(
                  "cluster add host vm rocks-33 vm-container-0-15 "
                  "uuid=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} .*\n"));
  EXPECT_EQ(cluster({"dump", "host", "vm"}), first);
}

TEST_F(HostVm, RemoveFreesTheNameButNotACard) {
  cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "02:00.0"});
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  const auto before = dump();
  cluster({"remove", "host", "vm", "rocks-33"}, 1,
          "VM 'rocks-33' still holds gpupci1 of host 'vm-container-0-15': first "
          "`cluster remove host gpu rocks-33 gpupci`");
  EXPECT_EQ(dump(), before);
  cluster({"remove", "host", "gpu", "rocks-33", "gpupci"});
  cluster({"remove", "host", "vm", "rocks-33"});
  EXPECT_EQ(dump(),
            "cluster add host vm-container-0-15 appliance=vm-container rack=0 rank=15\n"
            "cluster add host gpu vm-container-0-15 gpupci1 pci_0000_02_00_0\n");
}

TEST_F(HostVm, RefusesWhatIsWrong) {
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15",
           "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
  cluster({"add", "host", "compute-0-0"});
  const auto before = dump();
  const auto refused = [this](const std::vector<std::string>& keys, int status,
                              const std::string& error) {
    std::vector<std::string> words{"add", "host", "vm", "rocks-34", "vm-container-0-15"};
    words.insert(words.end(), keys.begin(), keys.end());
    cluster(words, status, error);
  };
  refused({"mem=0"}, 2, "mem='0': want a whole number from 1 to 2147483647");
  refused({"mem=4GB"}, 2,
          "mem='4GB': want a number of MiB from 1 to 2147483647, or with its unit, 1024 of the one "
          "before: 512M, 4G, 40GiB, 1T");
  refused({"cpus=-1"}, 2, "cpus='-1': want a whole number from 1 to 4096");
  refused({"disk=/vm/a.img"}, 2,
          "disk='/vm/a.img': want SOURCE:PATH,DEVICE,BUS, like file:/vm/disk.img,vda,virtio");
  refused({"disk=nbd:/vm/a.img,vda,virtio"}, 2,
          "disk='nbd:/vm/a.img,vda,virtio': want file:PATH, phy:PATH or cdrom:PATH");
  refused({"disk=file:vm/a.img,vda,virtio"}, 2,
          "disk='file:vm/a.img,vda,virtio': want an absolute path");
  refused({"disk=file:/a,vda,virtio", "disk=file:/b,vda,virtio"}, 2,
          "disk='file:/b,vda,virtio': the VM has a vda already");
  refused({"disk=cdrom:/a,vda,virtio"}, 2,
          "disk='cdrom:/a,vda,virtio': a CD-ROM has no bus virtio: want scsi, sata, ide or usb");
  refused({"disk=cdrom:/a,sda,sata", "disksize=4"}, 2,
          "disksize='4': sda is a CD-ROM, whose size is that of its image");
  refused({"disksize=10", "disksize=20"}, 2, "disksize: given 2 times for 1 disks");
  refused({"uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"}, 1,
          "uuid c2177883-f1bb-47f0-914d-32a22e3a8804 is that of VM 'rocks-33'");
  refused({"uuid=1"}, 2,
          "uuid='1': want xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in lower case hex digits");
  cluster({"add", "host", "vm", "rocks-34", "vm-container-0-51"}, 1,
          "host 'vm-container-0-51' is not in the inventory (did you mean 'vm-container-0-15'?)");
  cluster({"add", "host", "vm", "rocks-34", "rocks-33"}, 2,
          "host 'rocks-33' is a VM: want a physical host to run 'rocks-34'");
  cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15"}, 1,
          "VM 'rocks-33' is in the inventory already, on 'vm-container-0-15'");
  cluster({"add", "host", "vm", "compute-0-0", "vm-container-0-15"}, 1,
          "host 'compute-0-0' is in the inventory already, with appliance compute");
  cluster({"add", "host", "vm", "vm", "vm-container-0-15"}, 2,
          "VM name 'vm' means a group of hosts: want another");
  cluster({"remove", "host", "vm", "compute-0-0"}, 1, "host 'compute-0-0' is no VM");
  EXPECT_EQ(dump(), before);
}

// There are two hosts with two cards each; the second has "T4" and "H100".
class Placed : public Story {
 protected:
  void SetUp() override {
    for (const std::string host : {"vm-container-0-0", "vm-container-0-1"}) {
      cluster({"add", "host", host});
      transport.answers[host].out = R"({"cards": [)" + card("gpupci1", "0000_02_00", "1eb8") +
                                    ", " + card("gpupci2", "0000_03_00", ids[host]) + "]}";
    }
    cluster({"discover", "host", "gpu"});
  }

  static std::string card(const std::string& name, const std::string& pci, const std::string& id) {
    return R"({"name": ")" + name + R"(", "pci": "pci_)" + pci +
           R"(_0", "functions": [{"pci": "pci_)" + pci +
           R"(_0", "class": "0300", "vendor": "10de", "device": ")" + id + R"("}]})";
  }

  std::string cards() { return cluster({"list", "host", "gpu", "rocks-%", "format=csv"}); }

  std::map<std::string, std::string> ids{{"vm-container-0-0", "1eb8"},
                                         {"vm-container-0-1", "2330"}};
};

TEST_F(Placed, PacksOrSpreadsAndTellsWhere) {
  EXPECT_EQ(cluster({"add", "host", "vm", "rocks-1", "gpus=1"}), "vm-container-0-0: gpupci1\n");
  EXPECT_EQ(cluster({"add", "host", "vm", "rocks-2", "gpus=1"}), "vm-container-0-0: gpupci2\n");
  cluster({"remove", "host", "gpu", "rocks-2", "gpupci"});
  cluster({"add", "attr", "vm_placement", "spread"});
  EXPECT_EQ(cluster({"add", "host", "vm", "rocks-3", "gpus=1"}), "vm-container-0-1: gpupci1\n");
  EXPECT_EQ(cards(),
            "host,gpu,pci_bus\nrocks-1,gpupci,pci_0000_02_00_0\nrocks-3,gpupci,pci_0000_02_00_0\n");
}

TEST_F(Placed, TakesOnlyTheModelThatIsWanted) {
  EXPECT_EQ(cluster({"add", "host", "vm", "rocks-1", "gpus=1", "gpu_model=10de:2330"}),
            "vm-container-0-1: gpupci2\n");
  cluster({"add", "host", "vm", "rocks-2", "gpus=1", "gpu_model=10de:2330"}, 1,
          "no host has 1 '10de:2330' card free: vm-container-0-0 has 0; vm-container-0-1 has 0 "
          "(gpupci2 is in rocks-1)");
  EXPECT_EQ(cluster({"add", "host", "vm", "rocks-3", "gpus=2"}),
            "vm-container-0-0: gpupci1 gpupci2\n");
  EXPECT_EQ(cards(),
            "host,gpu,pci_bus\nrocks-1,gpupci,pci_0000_03_00_0\n"
            "rocks-3,gpupci1,pci_0000_02_00_0\nrocks-3,gpupci2,pci_0000_03_00_0\n");
}

TEST_F(Placed, LeavesOutWhatFailsAndStoresNothingWhenNoneIsLeft) {
  const auto before = dump();
  transport.by_command["gpupci --check all --json"] =
      R"({"checks": [{"id": "H2", "card": null, "result": "FAIL", "reason": "no IOMMU", "fix": "f"}]})";
  run({"check", "host", "gpu"});
  const auto [out, err, status] = run({"add", "host", "vm", "rocks-1", "gpus=1"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, HasSubstr("gpupci1 fails H2: no IOMMU"));
  EXPECT_EQ(dump(), before);
}

TEST_F(Placed, LeavesOutACardThatFails) {
  transport.by_command["gpupci --check all --json"] =
      R"({"checks": [{"id": "D7", "card": "gpupci1", "result": "FAIL", "reason": "wedged", "fix": "f"}]})";
  run({"check", "host", "gpu"});
  EXPECT_EQ(cluster({"add", "host", "vm", "rocks-1", "gpus=1"}), "vm-container-0-0: gpupci2\n");
  cluster({"add", "host", "vm", "rocks-2", "vm-container-0-1", "gpus=2"}, 1,
          "no host has 2 cards free: vm-container-0-1 has 1 (gpupci1 fails D7: wedged)");
}

TEST_F(Placed, StoresNothingWhenTheSecondCardCannotBeGiven) {
  const auto before = dump();
  Places::connect(place)->run("CREATE UNIQUE INDEX one_card_each ON vm_gpu (vm)");
  const auto [out, err, status] = run({"add", "host", "vm", "rocks-1", "gpus=2"});
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("cluster: add host gpu: "));
  EXPECT_EQ(status, 1);
  EXPECT_EQ(dump(), before);
}

TEST_F(Placed, WantsAContainerOrCards) {
  cluster({"add", "host", "vm", "rocks-1"}, 2,
          "want the CONTAINER that runs VM 'rocks-1', or gpus=N to choose one");
  cluster({"add", "host", "vm", "rocks-1", "vm-container-0-0", "gpu_model=T4"}, 2,
          "gpu_model= goes with gpus= only");
  cluster({"add", "host", "vm", "rocks-1", "vm-container-0-1", "gpus=3"}, 1,
          "no host has 3 cards free: vm-container-0-1 has 2");
}

TEST_F(Placed, AVmThatIsOffMovesWithAsManyCardsOfItsModel) {
  cluster({"add", "host", "vm", "rocks-1", "vm-container-0-0", "gpus=1"});
  cluster({"sync", "vm", "config", "rocks-1"});
  auto& old = domains.hosts["vm-container-0-0"];
  old.domains.at(0).active = true;
  const auto before = dump();
  cluster({"set", "host", "vm", "rocks-1", "container=vm-container-0-1"}, 1,
          "rocks-1: it runs on vm-container-0-0: first `cluster stop host vm rocks-1`");
  EXPECT_EQ(dump(), before);
  old.domains.at(0).active = false;
  cluster({"set", "host", "vm", "rocks-1", "container=vm-container-0-1", "mem=2048"});
  EXPECT_TRUE(old.domains.empty());
  const auto vms = [this] { return cluster({"list", "host", "vm", "format=csv"}); };
  EXPECT_THAT(vms(), HasSubstr("\nrocks-1,vm-container-0-1,2048,1,gpupci=gpupci1,"));
  cluster({"add", "host", "vm-container-0-2"});
  transport.answers["vm-container-0-2"].out = R"({"cards": [)" +
                                              card("gpupci1", "0000_02_00", "2330") + ", " +
                                              card("gpupci2", "0000_03_00", "1eb8") + "]}";
  cluster({"discover", "host", "gpu", "vm-container-0-2"});
  cluster({"set", "host", "vm", "rocks-1", "container=vm-container-0-2"});
  EXPECT_THAT(vms(), HasSubstr("\nrocks-1,vm-container-0-2,2048,1,gpupci=gpupci2,"));
  cluster({"add", "host", "vm", "rocks-2", "vm-container-0-1", "gpus=1", "gpu_model=2330"});
  cluster({"set", "host", "vm", "rocks-2", "container=vm-container-0-0"}, 1,
          "no host has 1 '10de:2330' card free: vm-container-0-0 has 0");
}

// n1 and n2 have a GPU, an NVMe disk and an NVSwitch that are named as cards.
class OtherDevices : public Story {
 protected:
  void SetUp() override {
    for (const std::string host : {"n1", "n2"}) {
      cluster({"add", "host", host});
      transport.answers[host].out = R"({"cards": [)" + card(1, "0108", "144d:a808") + ", " +
                                    card(2, "0302", "10de:2335") + ", " +
                                    card(3, "0680", "10de:22a3") + "]}";
    }
    cluster({"discover", "host", "gpu"});
  }

  // The disk is on node 1, everything else on node 0.
  static std::string card(int number, const std::string& device_class, const std::string& ids) {
    const auto n = std::to_string(number);
    return R"({"name": "gpupci)" + n + R"(", "pci": "pci_0000_0)" + n + R"(_00_0", "numa_node": )" +
           (device_class == "0108" ? "1" : "0") + R"(, "functions": [{"pci": "pci_0000_0)" + n +
           R"(_00_0", "class": ")" + device_class + R"(", "vendor": ")" + ids.substr(0, 4) +
           R"(", "device": ")" + ids.substr(5) + R"("}]})";
  }
};

TEST_F(OtherDevices, AreNotCountedAsGpus) {
  EXPECT_EQ(cluster({"add", "host", "vm", "v1", "n1", "gpus=1"}), "n1: gpupci2\n");
  cluster({"add", "host", "vm", "v2", "gpus=2"}, 1,
          "no host has 2 cards free: n1 has 0 (gpupci2 is in v1, gpupci1 is no GPU, gpupci3 is no "
          "GPU); n2 has 1 (gpupci1 is no GPU, gpupci3 is no GPU)");
}

TEST_F(OtherDevices, EachIsReplacedByOneOfItsKindAtAMove) {
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci2"});
  cluster({"add", "host", "gpu", "v1", "gpupci2", "gpupci1"});
  cluster({"set", "host", "vm", "v1", "container=n2"});
  EXPECT_THAT(cluster({"list", "host", "vm", "format=csv"}),
              HasSubstr("v1,n2,1024,1,gpupci1=gpupci2 gpupci2=gpupci1,"));
}

TEST_F(OtherDevices, AGpuAndADiskOnTwoNodesAreSaid) {
  const std::string far =
      "V6: GPU 'gpupci2' is on NUMA node 0 and NVMe disk 'gpupci1' on node 1, so what they "
      "exchange goes through both sockets: give the VM a disk and a GPU of one node: cluster list "
      "host gpu detail=yes";
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci2", "gpupci2"});
  cluster({"report", "vm", "config", "v1"});
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
  cluster({"report", "vm", "config", "v1"}, 0, "VM 'v1': " + far);
  transport.by_command["gpupci --check all --json"] = R"({"checks": []})";
  EXPECT_THAT(run({"check", "host", "gpu", "n1", "format=csv"}).out,
              HasSubstr("n1,,V6,WARN,\"VM 'v1': GPU 'gpupci2' is on NUMA node 0 and NVMe disk"));
  EXPECT_EQ(run({"check", "host", "gpu", "n2"}).out, "");
}

TEST_F(Placed, AVmWhoseStateIsNotKnownStays) {
  cluster({"add", "host", "vm", "rocks-1", "vm-container-0-0", "gpus=1"});
  const auto before = dump();
  domains.hosts["vm-container-0-0"].failure = Error(Fault::unreachable, "connection refused");
  cluster({"set", "host", "vm", "rocks-1", "container=vm-container-0-1"}, 3,
          "vm-container-0-0: connection refused");
  EXPECT_EQ(dump(), before);
}

}  // namespace
}  // namespace cluster
