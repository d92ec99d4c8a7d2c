// VMs that others made: they are listed, taken in as they are, and their cards are not free.
// This file passes 400 lines on purpose: all that holds of such VMs, with one way to make one.

#include <gmock/gmock.h>

#include "tests/support/json_shape.h"
#include "tests/support/shell_words.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUuid = "6f1c2d3e-1111-4222-8333-444455556666";

std::string hostdev(const std::string& bus, const std::string& function) {
  return "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
         "bus='" +
         bus + "' slot='0x00' function='" + function + "'/></source></hostdev>";
}

class AdoptedVm : public Story {
 protected:
  FakeDomains::Host& there() { return domains.hosts["n1"]; }

  void SetUp() override {
    cluster({"add", "host", "n1", "appliance=vm-container"});
    cluster({"add", "host", "n2", "appliance=vm-container"});
    cluster({"add", "host", "gpu", "n1", "gpupci1", "0000:65:00.0"});
    cluster({"add", "host", "gpu", "n1", "gpupci2", "0000:17:00.0"});
  }

  // A VM as an administrator makes one.
  virt::Domain& made(const std::string& name, const std::string& devices = "",
                     const std::string& uuid = kUuid) {
    virt::Domain domain;
    domain.name = name;
    domain.uuid = uuid;
    domain.persistent = true;
    domain.xml = "<domain type='kvm'><name>" + name + "</name><uuid>" + uuid +
                 "</uuid><title>licences</title><memory unit='KiB'>2097152</memory><vcpu>2</vcpu>"
                 "<os><type arch='x86_64' machine='pc-q35-6.2'>hvm</type>"
                 "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
                 "<nvram>/srv/a_VARS.fd</nvram><boot dev='hd'/></os><features><acpi/></features>"
                 "<cpu mode='host-model'/><clock offset='localtime'/><devices>"
                 "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
                 "<source file='/srv/a.img'/><target dev='vda' bus='virtio'/></disk>"
                 "<disk type='network' device='disk'><source protocol='rbd' name='p/i'/>"
                 "<target dev='vdb' bus='virtio'/></disk>"
                 "<interface type='bridge'><mac address='52:54:00:aa:bb:01'/><source bridge='br0'/>"
                 "<model type='e1000e'/></interface>" +
                 devices + "</devices></domain>";
    there().domains.push_back(domain);
    return there().domains.back();
  }

  std::string list() { return cluster({"discover", "host", "vm", "n1", "format=csv"}); }
};

TEST_F(AdoptedVm, EachDomainIsOursKnownOrAStranger) {
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"sync", "vm", "config", "v1"});
  cluster({"add", "host", "vm", "v2", "n2", "uuid=00000000-0000-4000-8000-000000000002"});
  made("moved", "", "00000000-0000-4000-8000-000000000002");
  made("v2", "", "00000000-0000-4000-8000-000000000003");
  auto& stranger = made("Build Server.01", hostdev("0x65", "0x1") + hostdev("0x99", "0x0"));
  stranger.autostart = true;
  stranger.saved = true;
  there().domains[0].uuid = cluster({"dump", "host", "vm", "v1"})
                                .substr(std::string("cluster add host vm v1 n1 uuid=").size(), 36);
  const auto rows = cluster({"discover", "host", "vm", "n1", "format=csv"});
  EXPECT_THAT(rows, HasSubstr("host,domain,vm,relation,state,autostart,gpu,uuid,details\n"));
  EXPECT_THAT(rows, HasSubstr("n1,v1,v1,ours,shut off,no,,"));
  EXPECT_THAT(rows, HasSubstr("n1,moved,v2,known,shut off,no,,00000000-0000-4000-8000-000000000002,"
                              "the inventory has it on n2\n"));
  EXPECT_THAT(rows, HasSubstr("n1,v2,v2,known,"));
  EXPECT_THAT(rows, HasSubstr("n1,Build Server.01,,stranger,saved,yes,gpupci1 pci_0000_99_00_0," +
                              std::string(kUuid) + ",\n"));
  expect_shape(cluster({"discover", "host", "vm", "format=json"}), "discover_host_vm");
  EXPECT_TRUE(domains.hosts["n1"].done.size() == 1);  // the define of v1
}

TEST_F(AdoptedVm, AHostThatIsNotReachedHidesNobody) {
  made("a");
  domains.hosts["n2"].failure = Error(Fault::unreachable, "no route to host");
  const auto [out, err, status] = run({"discover", "host", "vm", "format=csv"});
  EXPECT_THAT(out, HasSubstr("n1,a,,stranger"));
  EXPECT_EQ(err, "cluster: n2: no route to host\n");
  EXPECT_EQ(status, 3);
}

// It costs what `list host vm status=yes` costs.
TEST_F(AdoptedVm, TakesAsManyRoundTripsAsTheStatus) {
  cluster({"add", "host", "vm", "v1", "n1"});
  made("a");
  cluster({"list", "host", "vm", "status=yes"});
  const auto asked = there().calls;
  there().calls.clear();
  list();
  EXPECT_EQ(there().calls, asked);
  EXPECT_EQ(asked.at("open"), 1);
}

TEST_F(AdoptedVm, IsTakenInAsItIs) {
  made("rocks-40", hostdev("0x65", "0x0")).autostart = true;
  const auto before = there().domains[0].xml;
  EXPECT_THAT(cluster({"discover", "host", "vm", "n1", "import=yes", "format=csv"}),
              HasSubstr("n1,rocks-40,rocks-40,ours,shut off,yes,gpupci1," + std::string(kUuid) +
                        ",imported\n"));
  EXPECT_EQ(cluster({"dump", "host", "vm"}),
            "cluster add host vm rocks-40 n1 uuid=" + std::string(kUuid) +
                " mem=2048 cpus=2 disk=file:/srv/a.img,vda,virtio,qcow2,cache=none,made=yes "
                "disksize=\n");
  EXPECT_EQ(cluster({"dump", "host", "interface"}),
            "cluster add host interface rocks-40 eth0 bridge=br0 mac=52:54:00:aa:bb:01 "
            "model=e1000e\n");
  EXPECT_THAT(cluster({"dump", "host", "gpu"}),
              HasSubstr("cluster add host gpu rocks-40 gpupci pci_0000_65_00_0\n"));
  const auto attributes = cluster({"dump", "host", "attr"});
  for (const auto* one :
       {"vm_firmware value=efi", "vm_clock value=localtime", "vm_autostart value=yes",
        "vm_cpu_mode value=host-model", "vm_guest_agent value=no"}) {
    EXPECT_THAT(attributes, HasSubstr(one));
  }
  EXPECT_THAT(attributes, Not(HasSubstr("vm_machine")));
  EXPECT_EQ(cluster({"sync", "vm", "config", "diff=yes"}, 0, "nothing to do"), "");
  EXPECT_TRUE(there().done.empty());
  EXPECT_EQ(there().domains[0].xml, before);
  EXPECT_THAT(run({"report", "vm", "config", "rocks-40"}).out,
              HasSubstr("<title>licences</title>"));
}

// A device that was plugged in by hand, and only into the running VM, is told as long as it is so.
TEST_F(AdoptedVm, SaysWhatItRunsWithAlone) {
  auto& domain = made("a", hostdev("0x65", "0x0"));
  domain.state = virt::DomainState::running;
  domain.active = true;
  auto running = domain.xml;
  running.insert(running.find("</devices>"),
                 "<disk type='file' device='disk'><source file='/srv/b.img'/>"
                 "<target dev='vdc' bus='virtio'/><alias name='virtio-disk2'/></disk>"
                 "<interface type='network'><mac address='52:54:00:aa:bb:02'/></interface>" +
                     hostdev("0x99", "0x0"));
  there().running[kUuid] = running;
  const std::string words =
      "runs with disk vdc, interface 52:54:00:aa:bb:02, card pci_0000_99_00_0, which its "
      "configuration does not have: that goes when it stops";
  EXPECT_THAT(run({"discover", "host", "vm", "n1", "import=yes"}).err,
              HasSubstr("n1 'a': it " + words + "\n"));
  EXPECT_EQ(run({"sync", "vm", "config"}).err,
            "cluster: VM 'a' " + words + "\ncluster: nothing to do\n");
  EXPECT_THAT(run({"report", "vm", "config", "a", "diff=yes"}).err, HasSubstr(words));
  cluster({"remove", "host", "gpu", "a", "gpupci", "force=yes"});
  run({"remove", "host", "vm", "a", "force=yes"});
  EXPECT_THAT(run({"add", "host", "vm", "a", "n1", "from=libvirt"}).err,
              HasSubstr("a: it " + words));
  there().running.clear();
  EXPECT_EQ(cluster({"sync", "vm", "config"}, 0, "nothing to do"), "");
}

TEST_F(AdoptedVm, TakesItsOwnEmptyCdrom) {
  const std::string remote =
      "<disk type='network' device='disk'><source protocol='rbd' name='p/j'/>"
      "<target dev='sda' bus='sata'/></disk>";
  made("a", remote +
                "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
                "<target dev='hdc' bus='sata'/><readonly/></disk>");
  cluster({"add", "host", "vm", "a", "n1", "from=libvirt"});
  cluster({"set", "host", "vm", "a", "cdrom=/iso/x.iso"});
  EXPECT_THAT(dump(), HasSubstr(" disk=cdrom:/iso/x.iso,hdc,sata,raw "));
  EXPECT_EQ(run({"sync", "vm", "config"}).err, "");
  const auto& xml = there().domains[0].xml;
  EXPECT_EQ(xml.find("device='cdrom'"), xml.rfind("device='cdrom'"));
  EXPECT_THAT(xml, HasSubstr("<source file='/iso/x.iso'/>"));
  EXPECT_THAT(xml, HasSubstr("name='p/j'"));
  EXPECT_EQ(cluster({"sync", "vm", "config"}, 0, "nothing to do"), "");
}

TEST_F(AdoptedVm, GetsACdromWhereNothingIs) {
  made("a",
       "<disk type='network' device='disk'><source protocol='rbd' name='p/j'/>"
       "<target dev='sda' bus='sata'/></disk>");
  cluster({"add", "host", "vm", "a", "n1", "from=libvirt"});
  cluster({"set", "host", "vm", "a", "cdrom=/iso/x.iso"});
  EXPECT_THAT(dump(), HasSubstr(" disk=cdrom:/iso/x.iso,sdb,sata,raw "));
  EXPECT_EQ(run({"sync", "vm", "config"}).status, 0);
}

TEST_F(AdoptedVm, IsTakenInOnce) {
  made("rocks-40", hostdev("0x65", "0x0"));
  cluster({"discover", "host", "vm", "import=yes"});
  const auto kept = dump();
  EXPECT_THAT(
      cluster({"discover", "host", "vm", "import=yes", "format=csv"}),
      HasSubstr("n1,rocks-40,rocks-40,ours,shut off,no,gpupci1," + std::string(kUuid) + ",\n"));
  EXPECT_EQ(dump(), kept);
}

TEST_F(AdoptedVm, ACardComesAndGoesAndAllElseStays) {
  made("rocks-40", hostdev("0x65", "0x0"));
  cluster({"discover", "host", "vm", "import=yes"});
  cluster({"add", "host", "gpu", "rocks-40", "gpupci2", "0000:17:00.0"});
  const auto given = run({"sync", "vm", "config", "diff=yes", "format=csv"});
  EXPECT_THAT(given.out, HasSubstr("rocks-40,n1,changed,\n"));
  EXPECT_THAT(given.err, Not(HasSubstr("did not keep")));
  const auto& xml = there().domains[0].xml;
  for (const auto* one :
       {"bus='0x17'", "bus='0x65'", "<title>licences</title>", "OVMF_CODE_4M.fd", "pc-q35-6.2",
        "<nvram>/srv/a_VARS.fd</nvram>", "name='p/i'", "<model type='e1000e'/>", "localtime"}) {
    EXPECT_THAT(xml, HasSubstr(one));
  }
  EXPECT_THAT(xml, Not(HasSubstr("<serial")));
  cluster({"remove", "host", "gpu", "rocks-40", "gpupci2"});
  EXPECT_THAT(run({"sync", "vm", "config", "format=csv"}).out, HasSubstr("changed"));
  EXPECT_THAT(there().domains[0].xml, Not(HasSubstr("bus='0x17'")));
  EXPECT_THAT(there().domains[0].xml, HasSubstr("bus='0x65'"));
  EXPECT_EQ(cluster({"sync", "vm", "config"}, 0, "nothing to do"), "");
}

TEST_F(AdoptedVm, KeepsItsNameInLibvirt) {
  made("Build Server_ü");
  cluster({"add", "host", "vm", "build-01", "n1", "from=libvirt", "libvirt_name=Build Server_ü"});
  EXPECT_THAT(cluster({"dump", "host", "vm"}), HasSubstr("'libvirt_name=Build Server_ü'"));
  EXPECT_THAT(cluster({"report", "vm", "config", "build-01"}),
              HasSubstr("<name>Build Server_ü</name>"));
  EXPECT_THAT(list(), HasSubstr("n1,Build Server_ü,build-01,ours"));
  EXPECT_THAT(cluster({"list", "host", "vm", "status=yes"}), HasSubstr("shut off"));
  cluster({"set", "host", "vm", "build-01", "cpus=4"});
  cluster({"sync", "vm", "config"});
  EXPECT_THAT(there().done, ElementsAre("define Build Server_ü"));
  EXPECT_EQ(run({"set", "host", "vm", "build-01", "container=n2", "force=yes"}).status, 0);
  cluster({"sync", "vm", "config"});
  EXPECT_THAT(domains.hosts["n2"].done, ElementsAre("define Build Server_ü"));
  cluster({"remove", "host", "vm", "build-01", "undefine=yes"});
  EXPECT_TRUE(domains.hosts["n2"].domains.empty());
}

TEST_F(AdoptedVm, IsGivenANameThatAHostMayHave) {
  made(" Büro/2_x. ");
  EXPECT_THAT(cluster({"discover", "host", "vm", "n1", "import=yes", "format=csv"}),
              HasSubstr(",B-ro-2-x,ours,"));
}

// Two names that no host may have may become one.
TEST_F(AdoptedVm, IsLeftOutWithAWayInWhenItsNameIsTaken) {
  made("a b");
  made("a,b", "", "00000000-0000-4000-8000-000000000003");
  const auto err = run({"discover", "host", "vm", "n1", "import=yes"}).err;
  EXPECT_THAT(err, HasSubstr("VM 'a-b' is in the inventory already, on 'n1' (`cluster add host vm "
                             "NAME n1 from=libvirt uuid="));
}

TEST_F(AdoptedVm, IsLeftOutWithItsReason) {
  cluster({"add", "host", "vm", "v2", "n2"});
  made("v2", "", "00000000-0000-4000-8000-000000000003");
  made("rack0", "", "00000000-0000-4000-8000-000000000004");
  made("n2", "", "00000000-0000-4000-8000-000000000005");
  made("short", "", "00000000-0000-4000-8000-000000000006").persistent = false;
  auto& arm = made("arm", "", "00000000-0000-4000-8000-000000000007");
  arm.xml.replace(arm.xml.find("x86_64"), 6, "armv7l");
  made("a", hostdev("0x65", "0x0"), "00000000-0000-4000-8000-000000000008");
  auto& twin = made("b", hostdev("0x65", "0x0"), "00000000-0000-4000-8000-000000000009");
  twin.xml.replace(twin.xml.find("aa:bb:01"), 8, "aa:bb:02");
  const auto [out, err, status] = run({"discover", "host", "vm", "n1", "import=yes"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, HasSubstr("n1 'v2': the inventory's v2 is another VM, on n2, with uuid "));
  EXPECT_THAT(err, HasSubstr("n1 'rack0': VM name 'rack0' means a group of hosts: want another "
                             "(`cluster add host vm NAME n1 from=libvirt "
                             "uuid=00000000-0000-4000-8000-000000000004` takes this one in"));
  EXPECT_THAT(err, HasSubstr("n1 'n2': host 'n2' is in the inventory already"));
  EXPECT_THAT(err, HasSubstr("n1 'short': it is transient"));
  EXPECT_THAT(err, HasSubstr("n1 'arm': it is for 'armv7l'"));
  EXPECT_THAT(err, HasSubstr("n1 'b': card gpupci1 of host 'n1' is in VM 'a' already"));
  EXPECT_THAT(err, Not(HasSubstr("uuid=00000000-0000-4000-8000-000000000009")));
  EXPECT_EQ(cluster({"dump", "host", "vm"}).find("add host vm b "), std::string::npos);
  EXPECT_THAT(cluster({"dump", "host", "vm"}), HasSubstr("add host vm a "));
  EXPECT_EQ(cluster({"dump", "host", "interface"}).find("aa:bb:02"), std::string::npos);
}

// What the inventory cannot have stays in libvirt's document, is said, and hinders no later change.
TEST_F(AdoptedVm, IsTakenInWithWhatTheInventoryCannotHave) {
  made("a");
  const std::string twins =
      "<interface type='bridge'><mac address='52:54:00:AA:BB:02'/><source "
      "bridge='br0'/><model type='virtio'/></interface>";
  made("b",
       twins + twins +
           "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address "
           "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>",
       "00000000-0000-4000-8000-000000000002");
  const auto said = run({"discover", "host", "vm", "n1", "import=yes"});
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.err, HasSubstr("n1 'b': its interface 52:54:00:aa:bb:01 has the MAC address of "
                                  "eth0 of VM 'a', and stays in libvirt's document\n"));
  EXPECT_THAT(said.err, HasSubstr("n1 'b': its interface 52:54:00:aa:bb:02 has the MAC address of "
                                  "eth0 of VM 'b', and stays"));
  EXPECT_THAT(said.err, HasSubstr("it has c2177883-f1bb-47f0-914d-32a22e3a8804 of n1, which is no "
                                  "card of the inventory"));
  EXPECT_EQ(cluster({"sync", "vm", "config"}, 0, "nothing to do"), "");
  cluster({"set", "host", "vm", "b", "mem=4096"});
  const auto [out, err, status] = run({"sync", "vm", "config", "b"});
  EXPECT_EQ(status, 0);
  EXPECT_THAT(err, HasSubstr("V15: two network interfaces have the MAC 52:54:00:aa:bb:02"));
  EXPECT_THAT(there().domains[1].xml, HasSubstr(">4194304</memory>"));
}

// A network card may be an interface, and an NVMe disk a disk.
TEST_F(AdoptedVm, TellsOfCardsThatItHasInAnotherWay) {
  made("a",
       "<interface type='hostdev' managed='yes'><mac address='52:54:00:aa:bb:02'/><source><address "
       "type='pci' domain='0x0000' bus='0x17' slot='0x00' function='0x0'/></source></interface>"
       "<disk type='nvme' device='disk'><source type='pci' managed='yes' namespace='1'><address "
       "domain='0x0000' bus='0x99' slot='0x00' function='0x0'/></source><target dev='vdz' "
       "bus='virtio'/></disk>" +
           hostdev("0x65", "0x0"));
  EXPECT_THAT(run({"discover", "host", "vm", "n1", "import=yes"}).err,
              HasSubstr("n1 'a': it has gpupci2, pci_0000_99_00_0 of n1 as an interface or a disk: "
                        "that stays in libvirt's document, and no other VM gets it\n"));
  EXPECT_THAT(cluster({"list", "host", "gpu", "a"}), Not(HasSubstr("gpupci2")));
  cluster({"add", "host", "vm", "v1", "n1"});
  EXPECT_THAT(run({"add", "host", "gpu", "v1", "gpupci", "gpupci2"}).err,
              HasSubstr("is in VM 'a' by hand"));
  EXPECT_EQ(cluster({"sync", "vm", "config", "a"}, 0, "nothing to do"), "");
}

// The inventory is to give the VM a disk where the host has another.
TEST_F(AdoptedVm, ADiskOfTheHostIsNotReplacedUntold) {
  made("a");
  cluster({"discover", "host", "vm", "import=yes"});
  cluster({"set", "host", "vm", "a", "disk=file:/srv/a.img,vda,virtio,qcow2,cache=none",
           "disk=file:/srv/new.img,vdb,virtio"});
  const auto [out, err, status] = run({"sync", "vm", "config"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(out, HasSubstr("a: disk vdb: type file, the host has network"));
  EXPECT_THAT(err, HasSubstr("keep=theirs accepts that"));
  EXPECT_THAT(there().domains[0].xml, HasSubstr("name='p/i'"));
}

TEST_F(AdoptedVm, WhatIsTypedBesideIsRefused) {
  made("a");
  cluster({"add", "host", "vm", "x", "n1", "from=virsh"}, 2, "from='virsh': want libvirt");
  cluster({"add", "host", "vm", "x", "from=libvirt"}, 2,
          "from=libvirt: want the CONTAINER that has VM 'x'");
  cluster(
      {"add", "host", "vm", "x", "n1", "from=libvirt"}, 1,
      "libvirt on n1 has no VM 'x' (did you mean 'a'?) (`cluster discover host vm n1` lists them)");
  EXPECT_EQ(run({"add", "host", "vm", "x", "n1", "from=libvirt", "mem=1"}).status, 2);
  EXPECT_EQ(run({"add", "host", "vm", "x", "n1", "libvirt_name=a/b"}).status, 2);
  cluster({"add", "host", "vm", "x", "n1", "from=libvirt", "uuid=" + std::string(kUuid)});
  EXPECT_THAT(run({"add", "host", "vm", "y", "n1", "from=libvirt", "libvirt_name=a"}).err,
              HasSubstr("is that of VM 'x'"));
}

// A VM has a host's name here, '_' included, and beside it whatever name libvirt takes.
TEST_F(AdoptedVm, HasAnyNameThatLibvirtTakes) {
  int count = 0;
  for (const auto* name : {"a b", "c++", "_x_", ".hidden", "Büro (alt)", "a,b", "$HOME'\"", "-v"}) {
    const auto vm = "a_b.c-" + std::to_string(++count);
    cluster({"add", "host", "vm", vm, "n1", std::string("libvirt_name=") + name});
    EXPECT_THAT(shell_words(cluster({"dump", "host", "vm", vm})),
                Contains(std::string("libvirt_name=") + name));
  }
  for (const auto& name : {std::string("a/b"), std::string("a\nb"), std::string(" "),
                           std::string("a\0b", 3), std::string("\xff"), std::string(256, 'a')}) {
    EXPECT_EQ(run({"add", "host", "vm", "x", "n1", "libvirt_name=" + name}).status, 2) << name;
  }
}

TEST_F(AdoptedVm, ACardOfAStrangerIsNotFree) {
  made("a", hostdev("0x65", "0x0"));
  list();
  cluster({"add", "host", "vm", "v1", "n1"});
  EXPECT_THAT(run({"add", "host", "gpu", "v1", "gpupci", "gpupci1"}).err,
              HasSubstr("card gpupci1 of host 'n1' is in 'a', a VM there that is not in the "
                        "inventory: take that in (`cluster discover host vm n1 import=yes`)"));
  EXPECT_EQ(cluster({"add", "host", "vm", "v2", "n1", "gpus=1"}), "n1: gpupci2\n");
  EXPECT_THAT(run({"add", "host", "vm", "v3", "n1", "gpus=1"}).err,
              HasSubstr("gpupci1 is in 'a' of libvirt there"));
  there().domains.clear();
  list();
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
}

TEST_F(AdoptedVm, ACardThatRunsWithAStrangerIsNotFreeEither) {
  made("a").active = true;
  there().in_use = {{"a", "0000:65:00.0", false}};
  EXPECT_THAT(list(), HasSubstr(",gpupci1,"));
  cluster({"add", "host", "vm", "v1", "n1"});
  EXPECT_THAT(run({"add", "host", "gpu", "v1", "gpupci", "gpupci1"}).err, HasSubstr("is in 'a'"));
}

// What somebody put into a VM of ours stays there, so it is not free.
TEST_F(AdoptedVm, ACardThatOursHasByHandIsNotFree) {
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "vm", "v2", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci2"});
  EXPECT_EQ(run({"sync", "vm", "config"}).status, 0);
  auto& xml = there().domains[0].xml;
  xml.insert(xml.find("</devices>"), hostdev("0x65", "0x0"));
  list();
  EXPECT_THAT(run({"add", "host", "gpu", "v2", "gpupci", "gpupci1"}).err,
              HasSubstr("is in VM 'v1' by hand"));
  // What the next sync takes away is free.
  cluster({"remove", "host", "gpu", "v1", "gpupci"});
  list();
  cluster({"add", "host", "gpu", "v2", "gpupci", "gpupci2"});
}

// A VM that leaves the inventory and stays on its host is a stranger there.
TEST_F(AdoptedVm, ACardOfAVmThatWasRemovedIsNotFree) {
  made("a", hostdev("0x65", "0x0"));
  cluster({"discover", "host", "vm", "import=yes"});
  cluster({"remove", "host", "gpu", "a", "gpupci"});
  EXPECT_EQ(run({"remove", "host", "vm", "a"}).status, 0);
  cluster({"add", "host", "vm", "v1", "n1"});
  EXPECT_THAT(run({"add", "host", "gpu", "v1", "gpupci", "gpupci1"}).err, HasSubstr("is in 'a'"));
}

// Who asks for cards alone learns of such VMs as well, before a card is given away.
TEST_F(AdoptedVm, ACardOfAStrangerThatIsOffIsHeldOnceCardsAreDiscovered) {
  const std::string functions =
      R"(", "functions": [{"class": "0302", "vendor": "10de", "device": "2331", "pci": ")";
  const auto card = [&](const std::string& name, const std::string& pci) {
    return R"({"name": ")" + name + R"(", "pci": ")" + pci + functions + pci + R"("}]})";
  };
  transport.answers["n1"].out = R"({"cards": [)" + card("gpupci1", "pci_0000_65_00_0") + "," +
                                card("gpupci2", "pci_0000_17_00_0") + "]}";
  transport.answers["n2"].out = R"({"cards": []})";
  made("b c", hostdev("0x65", "0x0"));
  EXPECT_EQ(run({"discover", "host", "gpu", "dryrun=yes"}).err, "");
  EXPECT_TRUE(there().calls.empty());
  EXPECT_EQ(run({"discover", "host", "gpu"}).err,
            "cluster: n1 gpupci1: is not free, as 'b c' there has it without the inventory "
            "(`cluster discover host vm` tells more)\n");
  EXPECT_EQ(domains.hosts["n2"].calls.count("open"), 0U);  // it has no cards
  cluster({"add", "host", "vm", "v1", "n1"});
  EXPECT_THAT(run({"add", "host", "gpu", "v1", "gpupci", "gpupci1"}).err,
              HasSubstr("is in 'b c', a VM there that is not in the inventory"));
  cluster({"add", "host", "vm", "v2", "gpus=1"});
  EXPECT_THAT(cluster({"dump", "host", "gpu"}), HasSubstr("v2 gpupci pci_0000_17_00_0"));
  EXPECT_EQ(run({"add", "host", "vm", "v3", "gpus=1"}).status, 1);
  EXPECT_EQ(cluster({"discover", "host", "gpu"}), "");  // it is said once
  there().domains.clear();
  cluster({"discover", "host", "gpu"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
}

TEST_F(AdoptedVm, WhetherVmsHaveCardsIsSaidToBeUnknown) {
  transport.answers["n1"].out = R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_65_00_0",)"
                                R"( "functions": []}]})";
  there().failure = Error(Fault::io, "exit status 127");
  const auto [out, err, status] = run({"discover", "host", "gpu", "n1"});
  EXPECT_THAT(err, HasSubstr("n1: whether VMs there have its cards is not known: exit status 127"));
  EXPECT_EQ(status, 0);
}

TEST_F(AdoptedVm, TheSecondOfAPairOfStrangersKeepsItsCard) {
  made("a", hostdev("0x65", "0x0"));
  auto& twin = made("b", hostdev("0x65", "0x0"), "00000000-0000-4000-8000-000000000009");
  twin.xml.replace(twin.xml.find("aa:bb:01"), 8, "aa:bb:02");
  list();
  cluster({"add", "host", "vm", "a", "n1", "from=libvirt"});
  EXPECT_THAT(list(), HasSubstr("n1,b,,stranger,shut off,no,gpupci1"));
}

}  // namespace
}  // namespace cluster
