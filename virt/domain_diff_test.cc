#include "virt/domain_diff.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/example_domains.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

// The dump that libvirt's QEMU driver made of an example; tests/data/libvirt/record.sh wrote it.
std::string dumped(const std::string& name) {
  return *read_file(GOLDEN "/../libvirt/" + name + ".xml");
}

std::string replaced(std::string text, const std::string& old, const std::string& changed) {
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return at == std::string::npos ? text : text.replace(at, old.size(), changed);
}

// Returns the lines that differ, each after its sign.
std::vector<std::string> changes(const DomainSpec& ours, const std::string& theirs) {
  std::istringstream diff(domain_diff(domain_xml(ours), theirs));
  std::vector<std::string> lines;
  for (std::string line; std::getline(diff, line);) {
    if (line[0] != ' ' && line[0] != '@') {
      lines.push_back(line.substr(0, 1) + line.substr(line.find('<')));
    }
  }
  return lines;
}

TEST(DomainDiff, WhatLibvirtAddsIsNoDifference) {
  for (const auto& example : example_domains()) {
    EXPECT_EQ(domain_diff(domain_xml(example.spec), dumped(example.name)), "") << example.name;
  }
  for (const std::string name : {"one_card", "two_cards", "odd_disks"}) {
    EXPECT_EQ(domain_diff(*read_file(GOLDEN "/" + name + ".xml"), dumped(name)), "") << name;
  }
}

TEST(DomainDiff, NorIsWhatADefineAddsForUs) {
  const auto theirs = replaced(dumped("consumer_gpu"), "<memory ",
                               "<metadata><rollcall:config xmlns:rollcall='urn:rollcall:config' "
                               "fingerprint='0'/></metadata><memory ");
  EXPECT_EQ(domain_diff(domain_xml(example_domain("consumer_gpu")), theirs), "");
}

TEST(DomainDiff, IsAUnifiedDiff) {
  auto domain = example_domain("consumer_gpu");
  domain.memory_mib = 8192;
  domain.disks[0].path = "/vm/other.qcow2";
  EXPECT_EQ(domain_diff(domain_xml(domain), dumped("consumer_gpu")),
            " <domain type='kvm'>\n"
            "   <name>consumer-gpu</name>\n"
            "   <uuid>" +
                domain.uuid +
                "</uuid>\n"
                "-  <memory unit='KiB'>16777216</memory>\n"
                "+  <memory unit='MiB'>8192</memory>\n"
                "   <vcpu placement='static'>8</vcpu>\n"
                "   <os firmware='efi'>\n"
                "     <type arch='x86_64' machine='q35'>hvm</type>\n"
                "@@\n"
                "   <devices>\n"
                "     <disk type='file' device='disk'>\n"
                "       <driver name='qemu' type='qcow2'/>\n"
                "-      <source file='/vm/consumer-gpu.qcow2'/>\n"
                "+      <source file='/vm/other.qcow2'/>\n"
                "       <target dev='vda' bus='virtio'/>\n"
                "       <alias name='ua-vda'/>\n"
                "     </disk>\n");
}

TEST(DomainDiff, ACardThatIsNew) {
  const auto domain = example_domain("virtual_function");
  auto theirs = dumped("virtual_function");
  const auto from = theirs.find("    <hostdev");
  const auto to = theirs.find("    <memballoon");
  theirs.erase(from, to - from);
  EXPECT_THAT(changes(domain, theirs),
              ::testing::ElementsAre(
                  "+<hostdev mode='subsystem' type='pci' managed='no'>", "+<source>",
                  "+<address domain='0x0000' bus='0xc1' slot='0x00' function='0x4'/>", "+</source>",
                  "+<alias name='ua-vgpu0'/>",
                  "+<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>",
                  "+</hostdev>"));
}

TEST(DomainDiff, WhatSomebodyElseAdded) {
  const auto domain = example_domain("virtual_function");
  const auto theirs = dumped("virtual_function");
  const auto added = [&](const std::string& before, const std::string& xml) {
    return changes(domain, replaced(theirs, before, xml + before));
  };
  EXPECT_EQ(added("</devices>", "<disk type='file'><target dev='sdz'/></disk>").size(), 3);
  EXPECT_EQ(
      added("</devices>", "<interface type='user'><mac address='52:54:00:00:00:09'/></interface>")
          .size(),
      3);
  EXPECT_EQ(added("</devices>",
                  "<hostdev type='usb'><source><address bus='1' device='2'/></source></hostdev>")
                .size(),
            5);
  EXPECT_EQ(added("</devices>", "<rng model='virtio'/>").size(), 1);
  EXPECT_EQ(added("</devices>", "<controller type='pci' index='9' model='pcie-root-port'/>").size(),
            0);
  EXPECT_EQ(added("</domain>", "<cputune><shares>5</shares></cputune>").size(), 3);
  EXPECT_EQ(added("<boot dev='hd'/>", "<boot dev='network'/>").size(), 1);
}

TEST(DomainDiff, WhatOursSaysAndTheirsDoesNot) {
  const auto theirs = dumped("virtual_function");
  auto domain = example_domain("virtual_function");
  domain.firmware = Firmware::efi;
  EXPECT_THAT(
      changes(domain, theirs),
      ::testing::ElementsAre("-<os>", "+<os firmware='efi'>", "+<firmware>",
                             "+<feature enabled='no' name='secure-boot'/>", "+</firmware>"));
  domain = example_domain("consumer_gpu");
  domain.firmware = Firmware::bios;
  EXPECT_THAT(changes(domain, dumped("consumer_gpu")),
              ::testing::ElementsAre("-<os firmware='efi'>", "+<os>"));
  domain = example_domain("workstation");
  domain.numa->cpusets.clear();
  EXPECT_THAT(changes(domain, dumped("workstation")),
              ::testing::ElementsAre("-<vcpu placement='static' cpuset='8-15,24'>8</vcpu>",
                                     "+<vcpu placement='static'>8</vcpu>"));
  domain = example_domain("virtual_function");
  domain.machine = "pc-q35-7.1";
  EXPECT_THAT(changes(domain, theirs),
              ::testing::ElementsAre("-<type arch='x86_64' machine='pc-q35-7.2'>hvm</type>",
                                     "+<type arch='x86_64' machine='pc-q35-7.1'>hvm</type>"));
  domain = example_domain("virtual_function");
  domain.cpus = 3;
  EXPECT_THAT(changes(domain, theirs),
              ::testing::ElementsAre("-<vcpu placement='static'>4</vcpu>",
                                     "+<vcpu placement='static'>3</vcpu>"));
}

TEST(DomainDiff, ThePathOfAnEmulatorIsAPath) {
  auto domain = example_domain("emulated");
  domain.emulator = "/usr/bin/QEMU-system-x86_64";
  EXPECT_THAT(changes(domain, dumped("emulated")),
              ::testing::ElementsAre("-<emulator>/usr/bin/qemu-system-x86_64</emulator>",
                                     "+<emulator>/usr/bin/QEMU-system-x86_64</emulator>"));
}

TEST(DomainDiff, OrderOfDevicesIsNoDifference) {
  auto domain = example_domain("workstation");
  std::ranges::reverse(domain.disks);
  std::ranges::reverse(domain.interfaces);
  EXPECT_EQ(domain_diff(domain_xml(domain), dumped("workstation")), "");
}

TEST(DomainDiff, RefusesWhatIsNoDomain) {
  const auto ours = domain_xml(example_domain("mdev"));
  EXPECT_THROW(domain_diff(ours, "<network/>"), Error);
  EXPECT_THROW(domain_diff(ours, "error: no domain"), Error);
}

}  // namespace
}  // namespace cluster::virt
