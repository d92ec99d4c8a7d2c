
#include <gmock/gmock.h>

#include <fstream>

#include "core/file.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

class VmConfig : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "vm-container-0-15"});
    cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "pci_0000_02_00_0"});
    cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci2", "pci_10000_e1_00_0"});
    cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4",
             "disk=file:/vm/rocks-33.img,vda,virtio", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
    cluster({"add", "host", "vm", "rocks-34", "vm-container-0-15",
             "disk=phy:/dev/vg0/<&'\">,sda,scsi", "disk=file:/vm/b.qcow2,sdb,sata",
             "uuid=00000000-0000-4000-8000-000000000034"});
  }

  // What is said of a card that was only typed.
  static std::string alone(const std::string& card, const std::string& pci) {
    return "VM 'rocks-33': V11: '" + card + "' is known by address alone: the guest gets " + pci +
           " and no other function of it: cluster discover host gpu";
  }

  static std::string golden(const std::string& name) {
    std::ifstream file(std::string(GOLDEN) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(VmConfig, TheAncestorsHostdev) {
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "pci_0000_02_00_0"});
  const auto said = alone("gpupci", "0000:02:00.0");
  const auto config = cluster({"report", "vm", "config", "rocks-33"}, 0, said);
  EXPECT_EQ(config, golden("one_card.xml"));
  EXPECT_EQ(cluster({"report", "host", "vm", "config", "rocks-33"}, 0, said), config);
}

TEST_F(VmConfig, WithoutACardAndWithOddDisks) {
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-34"}), golden("odd_disks.xml"));
}

TEST_F(VmConfig, InterfacesOfAllKindsAndACdrom) {
  cluster({"set", "host", "vm", "rocks-33", "disk=file:/vm/rocks-33.img,vda,virtio",
           "disk=cdrom:/iso/debian.iso,sda,sata"});
  cluster({"add", "host", "interface", "rocks-33", "eth0", "bridge=br0"});
  cluster({"add", "host", "interface", "rocks-33", "eth1", "direct=eno1", "model=e1000e"});
  cluster({"add", "host", "interface", "rocks-33", "eth2", "ovs=br-int", "vlan=42"});
  cluster({"add", "host", "interface", "rocks-33", "eth10", "network=default",
           "mac=52:54:00:ab:cd:ef"});
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-33"}), golden("interfaces.xml"));
}

TEST_F(VmConfig, SeveralCardsInTheOrderOfTheirNames) {
  cluster({"add", "host", "gpu", "rocks-33", "gpupci2", "gpupci1"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci1", "gpupci2"});
  EXPECT_EQ(
      cluster({"report", "vm", "config", "rocks-33"}, 0,
              alone("gpupci1", "10000:e1:00.0") + "\ncluster: " + alone("gpupci2", "0000:02:00.0")),
      golden("two_cards.xml"));
}

TEST_F(VmConfig, ADevicesOwnBootOrderTakesThePlaceOfVmBoot) {
  cluster({"add", "attr", "vm_boot", "network,hd"});
  const std::string disk =
      "<disk type='file' device='cdrom'><source file='/vm/install.iso'/>"
      "<target dev='sda' bus='sata'/><readonly/><boot order='1'/></disk>";
  cluster({"add", "host", "attr", "rocks-33", "vm_xml_devices", disk});
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-33"}), golden("boot_order.xml"));
}

TEST_F(VmConfig, AllVmsOneAfterAnother) {
  EXPECT_EQ(cluster({"report", "vm", "config"}),
            cluster({"report", "vm", "config", "rocks-33"}) +
                cluster({"report", "vm", "config", "rocks-34"}));
  EXPECT_EQ(cluster({"report", "vm", "config", "vm-container-0-15"}),
            cluster({"report", "vm", "config"}));
}

// `gpupci -l --json` prints this for a card with two functions.
std::string two_functions(const std::string& name, const std::string& pci) {
  const auto function = [&](const char* number, const char* device_class) {
    return R"({"pci": "pci_)" + pci + "_" + number + R"(", "class": ")" + device_class +
           R"(", "vendor": "10de", "device": "1eb1"})";
  };
  return R"({"name": ")" + name + R"(", "pci": "pci_)" + pci + R"(_0", "numa_node": 1, )" +
         R"("functions": [)" + function("0", "0300") + ", " + function("1", "0403") + "]}";
}

TEST_F(VmConfig, ADiscoveredCardIsOneSlotOfTheGuestWithAllItsFunctions) {
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  transport.answers["vm-container-0-15"].out = R"({"cards": [)" +
                                               two_functions("gpupci1", "0000_02_00") + ", " +
                                               two_functions("gpupci2", "10000_e1_00") + "]}";
  cluster({"discover", "host", "gpu"});
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-33"}), golden("two_functions.xml"));
}

TEST_F(VmConfig, TheNearestAttributeCounts) {
  const auto config = [this] { return cluster({"report", "vm", "config", "rocks-33"}); };
  const auto has = [&](const char* what) { return ::testing::HasSubstr(what); };
  EXPECT_THAT(config(), has("machine='q35'"));
  cluster({"add", "attr", "vm_machine", "pc-q35-5.2"});
  EXPECT_THAT(config(), has("machine='pc-q35-5.2'"));
  cluster({"add", "appliance", "attr", "vm", "vm_machine", "pc-q35-6.0"});
  EXPECT_THAT(config(), has("machine='pc-q35-6.0'"));
  cluster({"add", "host", "attr", "vm-container-0-15", "vm_machine", "pc-q35-6.2"});
  EXPECT_THAT(config(), has("machine='pc-q35-6.2'"));
  cluster({"add", "host", "attr", "rocks-33", "vm_machine", "pc-q35-7.2"});
  EXPECT_THAT(config(), has("machine='pc-q35-7.2'"));
  EXPECT_THAT(cluster({"report", "vm", "config", "rocks-34"}), has("machine='pc-q35-6.2'"));
}

TEST_F(VmConfig, AnAttributeThatMakesNoSenseIsRefusedWhereItIsSet) {
  cluster({"add", "attr", "vm_machin", "pc"}, 2,
          "no attribute of VMs is called 'vm_machin' (did you mean 'vm_machine'?) (`cluster help "
          "attr` lists them)");
  cluster({"add", "attr", "vm_type", "xen"}, 2, "vm_type='xen': want kvm or qemu");
  cluster({"set", "host", "attr", "rocks-33", "rom_bar", "maybe"}, 2,
          "rom_bar='maybe': want on, off, or nothing");
  cluster({"add", "attr", "site", "anything"});
  EXPECT_EQ(cluster({"list", "attr", "format=csv"}), "attr,value\nsite,anything\n");
}

TEST_F(VmConfig, AnAttributeThatDoesNotFitTheVmIsSaid) {
  cluster({"add", "attr", "vm_cpu_topology", "1,2,2"});
  EXPECT_THAT(cluster({"report", "vm", "config", "rocks-33"}),
              ::testing::HasSubstr("<topology sockets='1'"));
  cluster({"report", "vm", "config", "rocks-34"}, 1,
          "attribute vm_cpu_topology of VM 'rocks-34' is '1,2,2': want SOCKETS,CORES,THREADS whose "
          "product is the VM's 1 cpus (`cluster list host attr rocks-34`)");
  cluster({"set", "attr", "vm_cpu_topology", ""});
  cluster(
      {"add", "host", "attr", "rocks-33", "vm_xml_devices", "<watchdog model='i6300esb'/><oops"});
  const auto [out, err, status] = run({"report", "vm", "config", "rocks-33"});
  EXPECT_EQ(out, "");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, ::testing::HasSubstr("attribute vm_xml_devices of VM 'rocks-33'"));
}

TEST_F(VmConfig, WhatLibvirtWouldNotTakeIsNotPrinted) {
  cluster({"add", "host", "attr", "rocks-33", "vm_xml_devices", "<nonsense/>"});
  const auto [out, err, status] = run({"report", "vm", "config"});
  EXPECT_EQ(out, "");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, ::testing::HasSubstr("nonsense"));
}

TEST_F(VmConfig, OneFileAVm) {
  const auto configs = folder.path() / "configs";
  EXPECT_EQ(cluster({"report", "vm", "config", "output-dir=" + configs.native()}), "");
  for (const std::string vm : {"rocks-33", "rocks-34"}) {
    EXPECT_EQ(read_file(configs / (vm + ".xml")), cluster({"report", "vm", "config", vm}));
  }
  cluster({"add", "host", "attr", "rocks-34", "vm_xml_devices", "<nonsense/>"});
  cluster({"set", "host", "vm", "rocks-33", "mem=8192"});
  const auto before = read_file(configs / "rocks-33.xml");
  EXPECT_EQ(run({"report", "vm", "config", "--output-dir", configs.native()}).status, 1);
  EXPECT_EQ(read_file(configs / "rocks-33.xml"), before);
}

// Somebody who may write to the folder has laid links, at the file and where it is written first.
TEST_F(VmConfig, AFileOfAVmFollowsNoLink) {
  const auto configs = folder.path() / "configs";
  const auto ours = folder.path() / "ours";
  replace_file(ours, "kept");
  std::filesystem::create_directory(configs);
  for (const char* name : {"rocks-33.xml", "rocks-33.xml.new"}) {
    std::filesystem::create_symlink(ours, configs / name);
  }
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-33", "output-dir=" + configs.native()}), "");
  EXPECT_EQ(read_file(ours), "kept");
  EXPECT_FALSE(std::filesystem::is_symlink(configs / "rocks-33.xml"));
  EXPECT_FALSE(
      std::filesystem::exists(std::filesystem::symlink_status(configs / "rocks-33.xml.new")));
  EXPECT_EQ(read_file(configs / "rocks-33.xml"), cluster({"report", "vm", "config", "rocks-33"}));
}

// Returns the calls that libvirt on the container got.
class SyncVmConfig : public VmConfig {
 protected:
  FakeDomains::Host& there() { return domains.hosts["vm-container-0-15"]; }

  std::string sync(const std::string& key = "diff=no") {
    return cluster({"sync", "vm", "config", key, "format=csv"});
  }

  void expect_nothing_to_do() {
    const auto before = there().done;
    there().calls.clear();
    cluster({"sync", "vm", "config"}, 0, "nothing to do");
    EXPECT_EQ(there().done, before);
    const bool runs = std::ranges::any_of(there().domains, &virt::Domain::active);
    std::map<std::string, int> calls{{"open", 1}, {"list", 1}, {"version", 1}};
    if (runs) calls["running_documents"] = 1;
    EXPECT_EQ(there().calls, calls);
  }
};

TEST_F(SyncVmConfig, DefinesWhatIsNotThereAndThenNothing) {
  EXPECT_EQ(cluster({"sync", "vm", "config", "dryrun=yes", "format=csv"}),
            "vm,host,change,details\nrocks-33,vm-container-0-15,new,\n"
            "rocks-34,vm-container-0-15,new,\n");
  expect_shape(cluster({"sync", "vm", "config", "dryrun=yes", "format=json"}), "sync_vm_config");
  EXPECT_TRUE(there().done.empty());
  EXPECT_EQ(cluster({"sync", "vm", "config"}),
            "VM                 HOST              CHANGE DETAILS\n"
            "rocks-[33-34] (2): vm-container-0-15 new    -\n");
  EXPECT_THAT(there().done, ::testing::ElementsAre("define rocks-33", "define rocks-34"));
  expect_nothing_to_do();
}

TEST_F(SyncVmConfig, ManyUnchangedVmsCostOneListOfTheirContainer) {
  for (const std::string number : {"1", "2", "3", "4", "5", "6"}) {
    cluster({"add", "host", "vm", "many-" + number, "vm-container-0-15"});
  }
  sync();
  EXPECT_EQ(there().calls["list"], 1);
  EXPECT_EQ(there().calls["define"], 8);
  expect_nothing_to_do();
}

TEST_F(SyncVmConfig, TellsAllChangesBeforeItDefinesOne) {
  std::vector<std::string> told;
  there().before_define = [&] { told.push_back(printed.str()); };
  const auto all = sync();
  EXPECT_THAT(all, ::testing::HasSubstr("rocks-34"));
  EXPECT_THAT(told, ::testing::ElementsAre(all, all));
}

TEST_F(SyncVmConfig, ChangesOnlyWhatDiffersAndARunningVmAtItsNextStart) {
  sync();
  ASSERT_EQ(there().domains.size(), 2U);
  there().domains[0].active = true;
  there().done.clear();
  cluster({"set", "host", "vm", "rocks-33", "mem=8192"});
  EXPECT_EQ(cluster({"report", "vm", "config", "diff=yes"}),
            cluster({"sync", "vm", "config", "dryrun=yes", "diff=yes", "rocks-33"})
                .substr(std::string("VM        HOST              CHANGE  DETAILS\n"
                                    "rocks-33: vm-container-0-15 changed at its next start\n")
                            .size()));
  EXPECT_EQ(cluster({"report", "vm", "config", "diff=yes"}),
            "rocks-33: memory 4 GiB -> 8 GiB  change\n");
  EXPECT_EQ(sync(),
            "vm,host,change,details\nrocks-33,vm-container-0-15,changed,at its next start\n");
  EXPECT_THAT(there().done, ::testing::ElementsAre("define rocks-33"));
  expect_nothing_to_do();
}

TEST_F(SyncVmConfig, SetsWhetherAVmStartsWithItsContainer) {
  sync();
  there().done.clear();
  cluster({"add", "host", "attr", "rocks-34", "vm_autostart", "yes"});
  EXPECT_EQ(sync(), "vm,host,change,details\nrocks-34,vm-container-0-15,autostart,autostart on\n");
  EXPECT_THAT(there().done, ::testing::ElementsAre("autostart rocks-34"));
  expect_nothing_to_do();
  cluster({"remove", "host", "attr", "rocks-34", "vm_autostart"});
  EXPECT_THAT(sync(), ::testing::HasSubstr("autostart off"));
}

TEST_F(SyncVmConfig, AsksAboutAStartWithTheContainerThatTheHostChanged) {
  sync();
  auto& domain = there().domains[0];
  const auto changed = [&] {
    const auto [out, err, status] = run({"sync", "vm", "config"});
    EXPECT_EQ(status, 1);
    EXPECT_THAT(err, ::testing::HasSubstr("(1 line above): keep=theirs accepts that"));
    return out;
  };
  domain.autostart = true;
  there().done.clear();
  EXPECT_EQ(changed(), "rocks-33: autostart no, the host has yes  changed on the host\n");
  EXPECT_EQ(changed(), run({"report", "vm", "config", "diff=yes"}).out);
  EXPECT_TRUE(there().done.empty());
  EXPECT_EQ(run({"sync", "vm", "config", "keep=theirs"}).status, 0);
  EXPECT_TRUE(domain.autostart);
  expect_nothing_to_do();
  cluster({"set", "host", "vm", "rocks-33", "mem=8192"});
  EXPECT_THAT(sync(), ::testing::HasSubstr("changed"));
  EXPECT_TRUE(domain.autostart);

  domain.autostart = false;
  expect_nothing_to_do();  // it is as the inventory says
  domain.autostart = true;
  changed();
  EXPECT_THAT(cluster({"sync", "vm", "config", "keep=ours", "format=csv"}),
              ::testing::HasSubstr("autostart off"));
  EXPECT_FALSE(domain.autostart);
  expect_nothing_to_do();

  cluster({"add", "host", "attr", "rocks-33", "vm_autostart", "yes"});
  sync();
  domain.autostart = false;
  EXPECT_EQ(changed(), "rocks-33: autostart yes, the host has no  changed on the host\n");
  cluster({"set", "host", "attr", "rocks-33", "vm_autostart", "no"});
  expect_nothing_to_do();
}

TEST_F(SyncVmConfig, TheOperatorsOwnXmlIsNoDifferenceOnceItIsDefined) {
  cluster({"add", "host", "attr", "rocks-33", "vm_xml_devices", "<watchdog model='i6300esb'/>"});
  sync();
  ASSERT_EQ(there().domains.size(), 2U);
  auto& xml = there().domains[0].xml;
  const std::string ours = "<watchdog model='i6300esb'/>";
  ASSERT_NE(xml.find(ours), std::string::npos);
  xml.replace(xml.find(ours), ours.size(), "<watchdog model='i6300esb' action='reset'/>");
  expect_nothing_to_do();
}

TEST_F(SyncVmConfig, AContainerThatIsNotReachedHidesNoOther) {
  cluster({"add", "host", "vm-container-0-16"});
  cluster({"add", "host", "vm", "rocks-35", "vm-container-0-16"});
  there().failure = Error(Fault::unreachable, "connection refused");
  EXPECT_EQ(
      cluster({"sync", "vm", "config", "format=csv"}, 3, "vm-container-0-15: connection refused"),
      "vm,host,change,details\nrocks-35,vm-container-0-16,new,\n");
  EXPECT_THAT(domains.hosts["vm-container-0-16"].done, ::testing::ElementsAre("define rocks-35"));
}

TEST_F(SyncVmConfig, AnotherVmOfThatNameIsLeftAlone) {
  virt::Domain other;
  other.name = "rocks-33";
  other.uuid = "00000000-0000-4000-8000-000000000099";
  there().domains.push_back(other);
  EXPECT_EQ(cluster({"sync", "vm", "config", "format=csv"}, 1,
                    "rocks-33: libvirt on vm-container-0-15 has another VM of this name, with uuid "
                    "00000000-0000-4000-8000-000000000099: to take that one in, `cluster add host "
                    "vm NAME vm-container-0-15 from=libvirt "
                    "uuid=00000000-0000-4000-8000-000000000099` under a name that is free here, or "
                    "`virsh undefine` it there"),
            "vm,host,change,details\nrocks-34,vm-container-0-15,new,\n");
  EXPECT_THAT(there().done, ::testing::ElementsAre("define rocks-34"));
}

TEST_F(SyncVmConfig, WhatTheContainersLibvirtIsTooOldForIsRefused) {
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "gpupci1"});
  cluster({"add", "attr", "hostdev_iommufd", "yes"});
  const auto [out, err, status] = run({"sync", "vm", "config", "rocks-33"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(err, ::testing::HasSubstr("V8"));
  EXPECT_TRUE(there().done.empty());
  there().version = 12001000;
  EXPECT_THAT(run({"sync", "vm", "config", "rocks-33"}).err,
              ::testing::HasSubstr("too old to check all of it; that of vm-container-0-15 will"));
  EXPECT_THAT(there().done, ::testing::ElementsAre("define rocks-33"));
}

TEST_F(VmConfig, AnUnknownVmIsSaid) {
  cluster({"report", "vm", "config", "rocks-35"}, 1,
          "host 'rocks-35' is not in the inventory (did you mean 'rocks-33'?)");
}

}  // namespace
}  // namespace cluster
