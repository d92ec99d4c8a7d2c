#include "virt/running_domains.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string reason(std::string_view xml) {
  try {
    host_devices(xml);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    return error.what();
  }
  return "nothing";
}

TEST(HostDevices, AreNotWhatTheGuestSees) {
  EXPECT_THAT(host_devices("<domain><devices><controller type='pci'><address type='pci' "
                           "domain='0x0000' bus='0x00' slot='0x02' function='0x0'/></controller>"
                           "<disk type='file'><source file='/a&gt;b'/><address type='pci' "
                           "domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>"
                           "</devices></domain>\n"),
              IsEmpty());
}

TEST(HostDevices, AreNotReadFromTheOperatorsNotes) {
  EXPECT_THAT(host_devices("<domain><metadata><x:source xmlns:x='u'/><source><address "
                           "domain='0x0000' bus='0x02' slot='0x00' function='0x0'/><!-- it's -->"
                           "</source></metadata></domain>"),
              IsEmpty());
}

TEST(HostDevices, AreReadBehindNotesThatAreEmpty) {
  const std::string device = "<source><address bus='0x02' slot='0x1f' function='0x7'/></source>";
  EXPECT_THAT(host_devices("<domain><metadata/>" + device + "</domain>"),
              ElementsAre("0000:02:1f.7"));
  EXPECT_THAT(reason("<domain><metadata>" + device + "</domain>"), HasSubstr("cut short"));
}

TEST(HostDevices, AreNotGuessed) {
  EXPECT_THAT(reason(""), HasSubstr("cut short"));
  EXPECT_THAT(reason("<domain><devices>"), HasSubstr("cut short"));
  EXPECT_THAT(reason("<domain><source><address bus='0x02"), HasSubstr("cut short"));
  EXPECT_EQ(reason("<domain><source><address bus='2' slot='0x00' function='0x0'/></source>"),
            "no part of a PCI address: '2'");
  for (const auto* parts :
       {"bus='0x100' slot='0x00' function='0x0'", "bus='0x02' slot='0x20' function='0x0'",
        "bus='0x02' slot='0x00' function='0x8'",
        "domain='0x100000000' bus='0x02' slot='0x00' function='0x0'"}) {
    EXPECT_THAT(reason("<domain><source><address " + std::string(parts) + "/></source>"),
                HasSubstr("no part of a PCI address"))
        << parts;
  }
}

// The host of libvirt's driver for tests, with a running domain that has all kinds of devices of
// its host. So libvirt itself writes the document that is read here.
constexpr std::string_view kHost = R"(<node><domain type='test'>
  <name>rocks-33</name>
  <title>a &lt;b> &amp; 'c'</title>
  <metadata><app:note xmlns:app='https://example.org/note'><app:source><app:address bus='0x02'/>
    </app:source><!-- it's a note --></app:note></metadata>
  <memory unit='MiB'>512</memory>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='nvme' device='disk'>
      <source type='pci' managed='yes' namespace='1'>
        <address domain='0x10000' bus='0x01' slot='0x00' function='0x0'/>
      </source>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <source file="/vm/it's > &lt; it.qcow2"/><target dev='vdb' bus='virtio'/>
    </disk>
    <interface type='hostdev' managed='yes'>
      <mac address='52:54:00:6d:90:02'/>
      <source><address type='pci' domain='0x0000' bus='0xc1' slot='0x00' function='0x4'/></source>
    </interface>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x65' slot='0x00' function='0x0'/></source>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0' multifunction='on'/>
    </hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x65' slot='0x1f' function='0x7'/></source>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x1'/>
    </hostdev>
    <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci' display='off'>
      <source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb'>
      <source><address bus='1' device='3'/></source>
    </hostdev>
    <hostdev mode='subsystem' type='scsi'>
      <source><adapter name='scsi_host0'/><address bus='0' target='0' unit='0'/></source>
    </hostdev>
  </devices>
</domain><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
  <name>shut-off</name>
  <memory unit='MiB'>512</memory>
  <os><type arch='x86_64'>hvm</type></os>
  <devices><hostdev mode='subsystem' type='pci' managed='yes'>
    <source><address domain='0x0000' bus='0x66' slot='0x00' function='0x0'/></source>
  </hostdev></devices>
  <test:runstate>5</test:runstate>
</domain><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
  <name>saved</name>
  <memory unit='MiB'>512</memory>
  <os><type arch='x86_64'>hvm</type></os>
  <devices><hostdev mode='subsystem' type='pci' managed='yes'>
    <source><address domain='0x0000' bus='0x67' slot='0x00' function='0x0'/></source>
  </hostdev></devices>
  <test:runstate>5</test:runstate>
  <test:hasmanagedsave/>
</domain></node>)";

TEST(RunningDomains, HaveWhatLibvirtSaysOfThem) {
  const TempDir folder;
  const auto file = folder.path() / "host.xml";
  replace_file(file, kHost);
  const Libvirt libvirt;
  const auto connection = connect(libvirt, "test://" + file.native());
  ASSERT_NE(connection, nullptr) << libvirt.error("open the host for tests").what();
  EXPECT_THAT(
      running_domains(libvirt, connection.get()),
      ElementsAre(VmDevice{"rocks-33", "10000:01:00.0"}, VmDevice{"rocks-33", "0000:c1:00.4"},
                  VmDevice{"rocks-33", "0000:65:00.0"}, VmDevice{"rocks-33", "0000:65:1f.7"},
                  VmDevice{"rocks-33", "c2177883-f1bb-47f0-914d-32a22e3a8804"},
                  VmDevice{"saved", "0000:67:00.0", true}));
}

}  // namespace
}  // namespace cluster::virt
