#include "virt/domain_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/generated_domains.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A document with `devices`, of a machine that somebody made by hand.
std::string made_with(const std::string& devices, const std::string& os = "") {
  return "<domain type='kvm'><name>a</name><uuid>u</uuid><memory unit='GiB'>2</memory>"
         "<vcpu current='1'>3</vcpu><os><type arch='x86_64' machine='pc-q35-6.2'>hvm</type>" +
         os + "</os><devices>" + devices + "</devices></domain>";
}

TEST(DomainReading, ReadsWhatWasWritten) {
  GeneratedDomains random(5);
  for (int i = 0; i < 200; ++i) {
    const auto said = random.next();
    SCOPED_TRACE(domain_xml(said));
    const auto read = read_spec(domain_xml(said));
    EXPECT_EQ(read.name, said.name);
    EXPECT_EQ(read.uuid, said.uuid);
    EXPECT_EQ(read.type, said.type);
    EXPECT_EQ(read.machine, said.machine);
    EXPECT_EQ(read.firmware, said.firmware);
    EXPECT_EQ(read.memory_mib, said.memory_mib);
    EXPECT_EQ(read.cpus, said.cpus);
    EXPECT_EQ(read.clock, said.clock);
    EXPECT_EQ(read.lifecycle.on_crash, said.lifecycle.on_crash);
    EXPECT_EQ(read.guest_agent, said.guest_agent);
    ASSERT_GE(read.disks.size(), said.disks.size());
    for (std::size_t d = 0; d < said.disks.size(); ++d) {
      EXPECT_EQ(read.disks[d].source, said.disks[d].source);
      EXPECT_EQ(read.disks[d].path, said.disks[d].path);
      EXPECT_EQ(read.disks[d].format, said.disks[d].format);
      EXPECT_EQ(read.disks[d].target, said.disks[d].target);
      EXPECT_EQ(read.disks[d].bus, said.disks[d].bus);
      EXPECT_EQ(read.disks[d].cache, said.disks[d].cache);
      EXPECT_EQ(read.disks[d].serial, said.disks[d].serial);
    }
    ASSERT_GE(read.interfaces.size(), said.interfaces.size());
    for (std::size_t n = 0; n < said.interfaces.size(); ++n) {
      EXPECT_EQ(read.interfaces[n].kind, said.interfaces[n].kind);
      EXPECT_EQ(read.interfaces[n].source, said.interfaces[n].source);
      EXPECT_EQ(read.interfaces[n].mac, said.interfaces[n].mac);
      EXPECT_EQ(read.interfaces[n].model, said.interfaces[n].model);
      EXPECT_EQ(read.interfaces[n].vlan, said.interfaces[n].vlan);
      EXPECT_EQ(read.interfaces[n].name, said.interfaces[n].name);
    }
    EXPECT_EQ(read.cards.size(), said.cards.size());
    EXPECT_EQ(read.mdevs.size(), said.mdevs.size());
  }
}

TEST(DomainReading, LeavesOutWhatItHasNoWordFor) {
  const auto read = read_spec(made_with(
      "<disk type='network' device='disk'><source protocol='rbd' name='a/b'/>"
      "<target dev='vda' bus='virtio'/></disk>"
      "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"
      "<disk type='file' device='floppy'><source file='/f'/><target dev='fda' bus='fdc'/></disk>"
      "<disk type='block' device='lun'><source dev='/dev/x'/><target dev='sdb' bus='scsi'/></disk>"
      "<disk type='block'><source dev='/dev/y'/><target dev='sdc' bus='scsi'/></disk>"
      "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"
      "<interface type='direct'><source dev='eth0' mode='vepa'/></interface>"
      "<interface type='hostdev'><mac address='52:54:00:00:00:02'/><source><address type='pci' "
      "domain='0x0000' bus='0x05' slot='0x00' function='0x1'/></source></interface>"
      "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>"));
  ASSERT_EQ(read.disks.size(), 1U);
  EXPECT_EQ(read.disks[0].path, "/dev/y");
  EXPECT_EQ(read.disks[0].format, "raw");
  EXPECT_TRUE(read.interfaces.empty());
  EXPECT_TRUE(read.cards.empty());
  EXPECT_EQ(read.memory_mib, 2048);
  EXPECT_EQ(read.cpus, 3);
  EXPECT_TRUE(read.boot.empty());
}

// libvirt takes all of these, and the inventory has one VLAN of an interface, from 1 to 4094.
TEST(DomainReading, ReadsAVlanThatIsOne) {
  const auto vlan_of = [](const std::string& vlan) {
    const auto read = read_spec(
        made_with("<interface type='bridge'><source bridge='br0'/>" + vlan + "</interface>"));
    return read.interfaces.at(0).vlan;
  };
  EXPECT_EQ(vlan_of(""), std::nullopt);
  EXPECT_EQ(vlan_of("<vlan><tag id='1'/></vlan>"), 1);
  EXPECT_EQ(vlan_of("<vlan><tag id='4094'/></vlan>"), 4094);
  EXPECT_EQ(vlan_of("<vlan><tag id='0'/></vlan>"), std::nullopt);
  EXPECT_EQ(vlan_of("<vlan><tag id='4095'/></vlan>"), std::nullopt);
  EXPECT_EQ(vlan_of("<vlan><tag id='7'/><tag id='8'/></vlan>"), std::nullopt);
  EXPECT_EQ(vlan_of("<vlan trunk='yes'><tag id='7'/></vlan>"), std::nullopt);
}

TEST(DomainReading, ReadsTheFirmwareHoweverItIsSaid) {
  const auto firmware = [](const std::string& os) { return read_spec(made_with("", os)).firmware; };
  EXPECT_EQ(firmware(""), Firmware::bios);
  EXPECT_EQ(firmware("<loader type='rom'>/bios.bin</loader>"), Firmware::bios);
  EXPECT_EQ(firmware("<loader readonly='yes' type='pflash'>/OVMF_CODE.fd</loader>"), Firmware::efi);
  EXPECT_EQ(firmware("<loader secure='yes' type='pflash'>/OVMF_CODE.fd</loader>"),
            Firmware::efi_secure);
}

TEST(DomainReading, TheFunctionsOfASlotAreOneCard) {
  const auto hostdev = [](const std::string& bus, const std::string& function) {
    return "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
           "bus='" +
           bus + "' slot='0x00' function='" + function + "'/></source></hostdev>";
  };
  const auto read = read_spec(
      made_with(hostdev("0x65", "0x0") + hostdev("0x17", "0x0") + hostdev("0x65", "0x1")));
  ASSERT_EQ(read.cards.size(), 2U);
  EXPECT_THAT(read.cards[0].functions,
              ElementsAre(PciAddress{0, 0x65, 0, 0}, PciAddress{0, 0x65, 0, 1}));
  EXPECT_EQ(read.cards[0].name, "");
}

TEST(DomainReading, NamesTheDevicesOfTheHost) {
  const auto xml = made_with(
      "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x65' "
      "slot='0x00' function='0x1'/></source></hostdev>"
      "<interface type='hostdev'><source><address type='pci' domain='0x0000' bus='0x05' "
      "slot='0x00' function='0x1'/></source></interface>"
      "<hostdev mode='subsystem' type='mdev'><source><address "
      "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>");
  EXPECT_THAT(given_devices(xml), ElementsAre("c2177883-f1bb-47f0-914d-32a22e3a8804",
                                              "pci_0000_05_00_1", "pci_0000_65_00_1"));
  EXPECT_TRUE(given_devices("").empty());
}

// libvirt writes hexadecimal numbers; own XML is in the rendering as somebody wrote it.
TEST(DomainReading, NamesTheDevicesOfOwnXmlHoweverItIsSpelled) {
  for (const char* address :
       {"domain='0' bus='25' slot='0' function='1'", "bus='0x19' slot='0' function='1'",
        "type='pci' domain=\"0x0\" bus=\"0x19\" slot=\"0x0\" function=\"0x1\""}) {
    EXPECT_THAT(given_devices(made_with("<!-- <source><address bus='1' slot='2' function='3'/> -->"
                                        "<hostdev mode='subsystem' type='pci'><source><address " +
                                        std::string(address) + "/></source></hostdev>")),
                ElementsAre("pci_0000_19_00_1"))
        << address;
  }
  EXPECT_TRUE(given_devices("<domain><devices><hostdev><source><address bus='x' slot='1' "
                            "function='0'/></source></hostdev></devices>")
                  .empty());
}

TEST(DomainReading, NamesAnNvmeDiskOfTheHost) {
  EXPECT_THAT(given_devices(made_with(
                  "<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source "
                  "type='pci' managed='yes' namespace='1'><address domain='0x0000' bus='0x01' "
                  "slot='0x00' function='0x0'/></source><target dev='vdb' bus='virtio'/></disk>")),
              ElementsAre("pci_0000_01_00_0"));
}

// "sda sata" of each drive, with where it is on its bus.
std::vector<std::string> drive_words(const std::string& devices) {
  std::vector<std::string> out;
  for (const auto& one : drives(made_with(devices))) {
    auto text = one.target + " " + one.bus + (one.cdrom ? " cdrom" : "");
    if (one.place) {
      text += " " + std::to_string(one.place->controller) + ":" + std::to_string(one.place->unit);
    }
    out.push_back(text);
  }
  return out;
}

TEST(DomainReading, ListsAllDrivesAndWhereTheyAre) {
  EXPECT_THAT(
      drive_words(
          "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>"
          "<disk type='network' device='disk'><source protocol='rbd' name='p/i'/><target dev='sdb' "
          "bus='sata'/></disk>"
          "<disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='sdc' "
          "bus='scsi'/><address type='drive' controller='1' bus='0' target='0' unit='9'/></disk>"
          "<disk type='block' device='lun'><source dev='/dev/x'/><target dev='vda' bus='virtio'/>"
          "<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>"),
      ElementsAre("hdc ide cdrom 0:0", "sdb sata 0:1", "sdc scsi 1:9", "vda virtio"));
}

TEST(DomainReading, KnowsWhereTheGuestHasThem) {
  const auto xml = made_with(
      "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x65' "
      "slot='0x00' function='0x1'/></source><address type='pci' domain='0x0000' bus='0x07' "
      "slot='0x00' function='0x1'/></hostdev>"
      "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x66' "
      "slot='0x00' function='0x0'/></source></hostdev>"
      "<hostdev mode='subsystem' type='mdev'><source><address "
      "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source><address type='pci' domain='0x0000' "
      "bus='0x08' slot='0x00' function='0x0'/></hostdev>");
  const std::map<std::string, PciAddress> expected{
      {"pci_0000_65_00_1", {0, 7, 0, 1}}, {"c2177883-f1bb-47f0-914d-32a22e3a8804", {0, 8, 0, 0}}};
  EXPECT_EQ(guest_addresses(xml), expected);
  EXPECT_TRUE(guest_addresses("").empty());
}

TEST(DomainReading, RefusesOtherMachines) {
  const auto why = [](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    try {
      read_spec(text);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(why(made_with(""), "x86_64", "aarch64"), HasSubstr("'aarch64': want x86_64"));
  EXPECT_THAT(why(made_with(""), "kvm", "xen"), HasSubstr("'xen': want kvm or qemu"));
}

}  // namespace
}  // namespace cluster::virt
