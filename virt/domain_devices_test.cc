// These tests are about the XML of disks, interfaces, consoles and screens.

#include <gtest/gtest.h>

#include <string>

#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

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
            "  </disk>\n"
            "</devices>\n");
}

TEST(DomainDevices, ABlockDevice) {
  EXPECT_EQ(disk({DiskSource::block, "/dev/vg0/a", "raw", "sda", "scsi", 2}),
            "<devices>\n"
            "  <disk type='block' device='disk'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source dev='/dev/vg0/a'/>\n"
            "    <target dev='sda' bus='scsi'/>\n"
            "    <boot order='2'/>\n"
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
            "  </serial>\n"
            "  <console type='pty'>\n"
            "    <target type='serial' port='0'/>\n"
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
            "  </serial>\n"
            "  <console type='file'>\n"
            "    <source path='/run/a.console'/>\n"
            "    <target type='serial' port='0'/>\n"
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
