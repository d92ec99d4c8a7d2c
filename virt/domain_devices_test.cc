// These tests are about the XML of disks, interfaces, consoles and screens.

#include <gmock/gmock.h>

#include <string>

#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

using ::testing::HasSubstr;

// The children of <devices> that `add` appends for `domain`.
std::string written(void (*add)(pugi::xml_node, const DomainSpec&), const DomainSpec& domain) {
  pugi::xml_document document;
  add(child(document, "devices"), domain);
  return document_text(document);
}

std::string disk(const DiskSpec& spec) {
  DomainSpec domain;
  domain.disks = {spec};
  return written(add_disks, domain);
}

std::string interface(const InterfaceSpec& spec) {
  DomainSpec domain;
  domain.interfaces = {spec};
  return written(add_interfaces, domain);
}

TEST(DomainDevices, AnImageFile) {
  EXPECT_EQ(disk({DiskSource::file, "/vm/a.qcow2", "qcow2", "vda", "virtio", {}}),
            "<devices>\n"
            "  <disk type='file' device='disk'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/vm/a.qcow2'/>\n"
            "    <target dev='vda' bus='virtio'/>\n"
            "    <alias name='ua-vda'/>\n"
            "  </disk>\n"
            "</devices>\n");
}

TEST(DomainDevices, ADiskHasWhatIsSaidOfIt) {
  DiskSpec spec{DiskSource::file, "/vm/a", "raw", "vda", "virtio", {}};
  spec.cache = "none";
  spec.io = "native";
  spec.discard = "unmap";
  spec.serial = "a 1";
  spec.iothread = 2;
  const auto xml = disk(spec);
  EXPECT_THAT(xml, HasSubstr("<driver name='qemu' type='raw' cache='none' io='native' "
                             "discard='unmap' iothread='2'/>"));
  EXPECT_THAT(xml, HasSubstr("<serial>a 1</serial>"));
}

// libvirt puts seven disks on one controller, and gives each number below the highest to an
// lsilogic.
TEST(DomainDevices, DisksOnScsiHaveVirtioScsi) {
  DomainSpec domain;
  for (const char* target : {"sda", "sdg", "sdh", "sdaa"}) {
    domain.disks.push_back({DiskSource::file, "/vm/a", "raw", target, "scsi", {}});
  }
  domain.disks.push_back({DiskSource::file, "/vm/a", "raw", "sdz", "sata", {}});
  pugi::xml_document document;
  const auto devices = child(document, "devices");
  add_disks(devices, domain);
  child(devices, "controller", {{"type", "scsi"}, {"index", "1"}, {"model", "lsisas1068"}});
  add_scsi_controllers(devices);
  const auto xml = document_text(document);
  EXPECT_THAT(xml, HasSubstr("  <controller type='scsi' index='1' model='lsisas1068'/>\n"
                             "  <controller type='scsi' index='0' model='virtio-scsi'>\n"
                             "    <alias name='ua-scsi0'/>\n"
                             "  </controller>\n"
                             "  <controller type='scsi' index='2' model='virtio-scsi'>\n"
                             "    <alias name='ua-scsi2'/>\n"
                             "  </controller>\n"
                             "  <controller type='scsi' index='3' model='virtio-scsi'>\n"
                             "    <alias name='ua-scsi3'/>\n"
                             "  </controller>\n"));
}

TEST(DomainDevices, SoHasAScsiDeviceOfTheHost) {
  pugi::xml_document document;
  const auto devices = child(document, "devices");
  child(devices, "hostdev", {{"mode", "subsystem"}, {"type", "scsi"}});
  child(child(devices, "hostdev", {{"type", "scsi"}}), "address", {{"controller", "2"}});
  child(devices, "hostdev", {{"type", "scsi_host"}});
  add_scsi_controllers(devices);
  const auto xml = document_text(document);
  EXPECT_THAT(xml, HasSubstr("type='scsi' index='0' model='virtio-scsi'"));
  EXPECT_THAT(xml, HasSubstr("type='scsi' index='2' model='virtio-scsi'"));
  EXPECT_EQ(xml.find("index='3'"), std::string::npos);
}

// Its options, such as <driver queues='4'/>, are those of virtio-scsi.
TEST(DomainDevices, SoIsAScsiControllerOfOwnXmlThatSaysNoModel) {
  pugi::xml_document document;
  const auto devices = child(document, "devices");
  child(child(devices, "controller", {{"type", "scsi"}, {"index", "0"}}), "driver",
        {{"queues", "4"}});
  child(child(devices, "disk"), "target", {{"dev", "sda"}, {"bus", "scsi"}});
  add_scsi_controllers(devices);
  const auto controller = devices.child("controller");
  EXPECT_STREQ(controller.attribute("model").value(), "virtio-scsi");
  EXPECT_EQ(alias_text("scsi0"), controller.child("alias").attribute("name").value());
  EXPECT_TRUE(controller.next_sibling("controller").empty());
}

TEST(DomainDevices, AnAliasHasNoDot) {
  EXPECT_EQ(alias_text("gpupci2.0"), "ua-gpupci2-0");
  EXPECT_EQ(alias_text("a_b-c"), "ua-a_b-c");
}

TEST(DomainDevices, TheGuestAgentHasAChannel) {
  DomainSpec domain;
  domain.guest_agent = true;
  EXPECT_THAT(written(add_consoles, domain),
              HasSubstr("  <channel type='unix'>\n"
                        "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
                        "    <alias name='ua-agent'/>\n"
                        "  </channel>\n"));
}

TEST(DomainDevices, ABlockDevice) {
  EXPECT_EQ(disk({DiskSource::block, "/dev/vg0/a", "raw", "sda", "scsi", 2}),
            "<devices>\n"
            "  <disk type='block' device='disk'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source dev='/dev/vg0/a'/>\n"
            "    <target dev='sda' bus='scsi'/>\n"
            "    <boot order='2'/>\n"
            "    <alias name='ua-sda'/>\n"
            "  </disk>\n"
            "</devices>\n");
}

TEST(DomainDevices, ACdromIsReadOnly) {
  EXPECT_EQ(disk({DiskSource::cdrom, "/iso/debian.iso", "raw", "sda", "sata", {}}),
            "<devices>\n"
            "  <disk type='file' device='cdrom'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source file='/iso/debian.iso'/>\n"
            "    <target dev='sda' bus='sata'/>\n"
            "    <readonly/>\n"
            "    <alias name='ua-sda'/>\n"
            "  </disk>\n"
            "</devices>\n");
}

TEST(DomainDevices, ALinuxBridge) {
  EXPECT_EQ(interface({InterfaceKind::bridge, "br0", "52:54:00:00:00:01", "virtio", 7, 1}),
            "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <mac address='52:54:00:00:00:01'/>\n"
            "    <source bridge='br0'/>\n"
            "    <vlan>\n"
            "      <tag id='7'/>\n"
            "    </vlan>\n"
            "    <model type='virtio'/>\n"
            "    <boot order='1'/>\n"
            "  </interface>\n"
            "</devices>\n");
}

TEST(DomainDevices, ABridgeOfOpenVSwitch) {
  EXPECT_EQ(interface({InterfaceKind::ovs, "ovsbr0", "52:54:00:00:00:01", "virtio", {}, {}}),
            "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <mac address='52:54:00:00:00:01'/>\n"
            "    <source bridge='ovsbr0'/>\n"
            "    <virtualport type='openvswitch'/>\n"
            "    <model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>\n");
}

TEST(DomainDevices, ADeviceOfTheContainer) {
  EXPECT_EQ(interface({InterfaceKind::direct, "eno1", "52:54:00:00:00:01", "e1000e", {}, {}}),
            "<devices>\n"
            "  <interface type='direct'>\n"
            "    <mac address='52:54:00:00:00:01'/>\n"
            "    <source dev='eno1' mode='bridge'/>\n"
            "    <model type='e1000e'/>\n"
            "  </interface>\n"
            "</devices>\n");
}

TEST(DomainDevices, ANetworkOfLibvirt) {
  EXPECT_EQ(interface({InterfaceKind::network, "default", "52:54:00:00:00:01", "virtio", {}, {}}),
            "<devices>\n"
            "  <interface type='network'>\n"
            "    <mac address='52:54:00:00:00:01'/>\n"
            "    <source network='default'/>\n"
            "    <model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>\n");
}

TEST(DomainDevices, ASerialConsoleOnAPtyAndNoScreen) {
  EXPECT_EQ(written(add_consoles, {}),
            "<devices>\n"
            "  <serial type='pty'>\n"
            "    <target port='0'/>\n"
            "    <alias name='ua-serial0'/>\n"
            "  </serial>\n"
            "  <console type='pty'>\n"
            "    <target type='serial' port='0'/>\n"
            "    <alias name='ua-serial0'/>\n"
            "  </console>\n"
            "</devices>\n");
}

TEST(DomainDevices, ASerialConsoleThatWritesAFile) {
  DomainSpec domain;
  domain.serial_file = "/run/a.console";
  EXPECT_EQ(written(add_consoles, domain),
            "<devices>\n"
            "  <serial type='file'>\n"
            "    <source path='/run/a.console'/>\n"
            "    <target port='0'/>\n"
            "    <alias name='ua-serial0'/>\n"
            "  </serial>\n"
            "  <console type='file'>\n"
            "    <source path='/run/a.console'/>\n"
            "    <target type='serial' port='0'/>\n"
            "    <alias name='ua-serial0'/>\n"
            "  </console>\n"
            "</devices>\n");
}

TEST(DomainDevices, AScreenHasAModelThatNeedsNoDriver) {
  DomainSpec domain;
  domain.graphics = Graphics::spice;
  domain.listen = "10.1.0.1";
  const auto xml = written(add_consoles, domain);
  EXPECT_EQ(xml.substr(xml.find("  <graphics")),
            "  <graphics type='spice' autoport='yes'>\n"
            "    <listen type='address' address='10.1.0.1'/>\n"
            "  </graphics>\n"
            "  <video>\n"
            "    <model type='vga'/>\n"
            "    <alias name='ua-video0'/>\n"
            "  </video>\n"
            "</devices>\n");
  domain.graphics = Graphics::vnc;
  EXPECT_NE(written(add_consoles, domain).find("<graphics type='vnc' "), std::string::npos);
}

TEST(DomainDevices, NoneLeavesTheElementEmpty) {
  EXPECT_EQ(written(add_disks, {}), "<devices/>\n");
  EXPECT_EQ(written(add_interfaces, {}), "<devices/>\n");
}

}  // namespace
}  // namespace cluster::virt
