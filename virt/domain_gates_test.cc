#include "virt/domain_gates.h"

#include <gmock/gmock.h>

#include "tests/support/example_domains.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "V3 reason; fix", with '?' after the id when it only warns.
std::vector<std::string> refusals(const DomainSpec& domain, GateFacts facts = {}) {
  std::vector<std::string> out;
  facts.cards.insert(facts.cards.begin(), domain.cards.begin(), domain.cards.end());
  for (const auto& refusal : gate(domain_xml(domain), facts)) {
    out.push_back(refusal.id + (refusal.warns ? "? " : " ") + refusal.reason + "; " + refusal.fix);
  }
  return out;
}

PciAddress pci(const char* text) { return PciAddress::parse(text); }

TEST(DomainGates, TheExamplesPass) {
  for (const auto& example : example_domains()) {
    EXPECT_THAT(refusals(example.spec, {48, 9000000, {}}), IsEmpty()) << example.name;
    EXPECT_THAT(refusals(example.spec), IsEmpty()) << example.name;
  }
}

constexpr const char* kMoreBits =
    " or more, or vm_maxphysaddr passthrough with vm_cpu_mode host-passthrough";

TEST(DomainGates, BarsNeedAddressBits) {
  auto domain = example_domain("datacenter_gpu");  // two cards of 128 GiB
  EXPECT_THAT(refusals(domain, {46, {}, {}}), IsEmpty());
  EXPECT_THAT(refusals(domain, {42, {}, {}}), IsEmpty());
  domain.pcihole64_gib.reset();
  domain.maxphysaddr = AddressBits::by_cpu;
  domain.cpu_mode = CpuMode::host_model;
  EXPECT_THAT(refusals(domain, {46, {}, {}}),
              ElementsAre("V3 the firmware has no place for the BARs of 'gpu0', 'gpu1': a guest of "
                          "40 address bits has 128 GiB for them, and each card starts at a "
                          "multiple of its biggest BAR; attribute vm_maxphysaddr 42" +
                          std::string(kMoreBits)));
  domain.cards[1].bars.clear();
  EXPECT_THAT(refusals(domain), ElementsAre(HasSubstr("BARs of 'gpu0': a guest of 40")));
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 41;
  EXPECT_THAT(refusals(domain), IsEmpty());
}

// Three cards of 128 GiB and a bit more: their sum is below the 512 GiB of 42 bits.
TEST(DomainGates, EachCardStartsAtAMultipleOfItsBiggestBar) {
  auto domain = example_domain("datacenter_gpu");
  domain.pcihole64_gib.reset();
  for (auto& card : domain.cards) card.bars = {16, 131072, 32};
  EXPECT_THAT(refusals(domain, {42, {}, {}}),
              ElementsAre(HasSubstr("V3 the firmware has no place for the BARs of 'far0': a guest "
                                    "of 42 address bits has 512 GiB for them")));
  // The container has no more bits: the window can be said.
  EXPECT_THAT(refusals(domain, {42, {}, {}}),
              ElementsAre(HasSubstr("value='name=opt/ovmf/X-PciMmio64Mb,string=1048576'")));
  domain.fragments = {{"a", FragmentPlace::domain,
                       "<qemu:commandline><qemu:arg value='-fw_cfg'/><qemu:arg "
                       "value='name=opt/ovmf/X-PciMmio64Mb,string=1048576'/></qemu:commandline>"}};
  EXPECT_THAT(refusals(domain, {42, {}, {}}), IsEmpty());
  domain.fragments.clear();
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 42;
  EXPECT_THAT(refusals(domain, {48, {}, {}}),
              ElementsAre(HasSubstr("; attribute vm_maxphysaddr 43 or more")));
  domain.cards.pop_back();
  EXPECT_THAT(refusals(domain, {48, {}, {}}), ElementsAre(HasSubstr("V3? the BARs just fit")));
}

TEST(DomainGates, ItIsSaidThatBarsJustFit) {
  auto domain = example_domain("datacenter_gpu");
  domain.pcihole64_gib.reset();
  domain.cards.resize(1);
  domain.cards[0].bars = {131072};
  EXPECT_THAT(refusals(domain, {41, {}, {}}), IsEmpty());
  domain.cards[0].bars = {131072, 32};
  EXPECT_THAT(refusals(domain, {41, {}, {}}),
              ElementsAre(HasSubstr("V3? the BARs just fit: a guest of 41 address bits has 256 GiB "
                                    "for them, and less than 128 GiB is left; ")));
}

TEST(DomainGates, FirmwareOfTwoAgesIsToldApart) {
  auto domain = example_domain("datacenter_gpu");
  domain.pcihole64_gib.reset();
  domain.cards.resize(1);
  domain.cards[0].bars = {16777216 / 2, 32};  // 8 TiB
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 47;  // 46 are used by the later one
  EXPECT_THAT(refusals(domain), ElementsAre(HasSubstr("V3? the firmware (edk2 of 2025 and later) "
                                                      "has no place for the BARs of 'gpu0'")));
}

TEST(DomainGates, ACpuWithoutGibPagesHasFortyBits) {
  auto domain = example_domain("datacenter_gpu");
  domain.pcihole64_gib.reset();
  domain.cpu_mode = CpuMode::named;
  domain.cpu_model = "Haswell";
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 44;
  EXPECT_THAT(refusals(domain),
              ElementsAre(HasSubstr("a model with pages of 1 GiB (EPYC, Skylake-Server)")));
  domain.fragments = {
      {"a", FragmentPlace::domain, "<cpu><feature policy='require' name='pdpe1gb'/></cpu>"}};
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.fragments.clear();
  domain.cpu_model = "EPYC-Milan";
  EXPECT_THAT(refusals(domain), IsEmpty());
}

// What XML of the operator says counts as much as what the inventory says.
TEST(DomainGates, OwnXmlIsJudgedAsWell) {
  auto domain = example_domain("consumer_gpu");
  const std::string device =
      "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
      "bus='0x65' slot='0x00' function='0x1'/></source></hostdev>";
  domain.fragments = {{"a", FragmentPlace::devices, device}};
  EXPECT_THAT(refusals(domain), IsEmpty());  // it speaks of the function that is there
  domain.fragments[0].xml =
      "<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:0c'/><source><address "
      "type='pci' domain='0' bus='0x65' slot='0' function='1'/></source></interface>";
  EXPECT_THAT(refusals(domain), Contains(HasSubstr("V1 0000:65:00.1 is in the VM twice")));
  domain.fragments[0].xml = device;
  domain.cards.erase(domain.cards.begin());
  EXPECT_THAT(refusals(domain, {{}, {}, {{pci("0000:65:00.0"), pci("0000:65:00.1")}}}),
              ElementsAre(HasSubstr("D4 0000:65:00.0 is in the IOMMU group of 0000:65:00.1")));
  domain.fragments[0].xml +=
      "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
      "bus='0x65' slot='0x00' function='0x0'/></source></hostdev>";
  EXPECT_THAT(refusals(domain), ElementsAre(HasSubstr("V11 0000:65:00.1 and 0000:65:00.0 are")));
  domain.fragments = {{"a", FragmentPlace::domain, "<os><loader>/x/OVMF.fd</loader></os>"}};
  domain.cards[0].bars = {16384};
  domain.firmware = Firmware::bios;
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.fragments.clear();
  EXPECT_THAT(refusals(domain), ElementsAre(HasSubstr("V12? ")));
  const auto two_macs = gate(
      "<domain type='kvm'><os><type machine='q35'>hvm</type></os><devices><interface "
      "type='bridge'><mac address='52:54:00:00:00:0A'/></interface><interface "
      "type='bridge'><mac address='52:54:00:00:00:0a'/></interface></devices></domain>",
      {});
  ASSERT_EQ(two_macs.size(), 1U);
  EXPECT_EQ(two_macs[0].id, "V15");
  EXPECT_EQ(two_macs[0].reason, "two network interfaces have the MAC 52:54:00:00:00:0a");
}

TEST(DomainGates, TheTwoOfATeamHaveOneMac) {
  const auto nic = [](const std::string& role) {
    return "<interface type='network'><mac address='52:54:00:00:00:0a'/><teaming type='" + role +
           "'/></interface>";
  };
  const auto judged = [&](const std::string& nics) {
    return gate("<domain type='kvm'><devices>" + nics + "</devices></domain>", {});
  };
  EXPECT_THAT(judged(nic("persistent") + nic("transient")), IsEmpty());
  EXPECT_EQ(judged(nic("persistent") + nic("persistent")).size(), 1U);
}

TEST(DomainGates, SecureBootIsOnQ35) {
  auto domain = example_domain("emulated");
  domain.firmware = Firmware::efi_secure;
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.machine = "pc";
  EXPECT_THAT(refusals(domain), ElementsAre("V12 Secure Boot is on machine 'pc'; machine q35, or "
                                            "firmware efi"));
  domain.firmware = Firmware::efi;
  EXPECT_THAT(refusals(domain), IsEmpty());
}

TEST(DomainGates, NoIdeOnQ35) {
  auto domain = example_domain("emulated");
  domain.machine = "q35";
  domain.disks = {{DiskSource::file, "/a", "raw", "hda", "ide", {}}};
  EXPECT_THAT(refusals(domain), ElementsAre("V16 disk 'hda' is on IDE, which machine q35 does not "
                                            "have; bus sata with device sda, or virtio with vda; "
                                            "or machine pc"));
  domain.machine = "pc";
  EXPECT_THAT(refusals(domain), IsEmpty());
}

TEST(DomainGates, ACardOfTheContainerThatOwnXmlGivesIsKnown) {
  auto domain = example_domain("datacenter_gpu");
  domain.cards.clear();
  domain.fragments = {{"a", FragmentPlace::devices,
                       "<hostdev mode='subsystem' type='pci' managed='yes'><source><address "
                       "domain='0' bus='25' slot='0' function='0'/></source></hostdev>"}};
  CardSpec card;
  card.name = "gpupci4";
  card.functions = {pci("0000:19:00.0")};
  card.bars = {524288};
  EXPECT_THAT(refusals(domain, {42, {}, {}, {card}}),
              ElementsAre(HasSubstr("V3 the firmware has no place for the BARs of 'gpupci4'")));
}

TEST(DomainGates, WhoseAddressBitsTheGuestHas) {
  auto domain = example_domain("emulated");
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {48, {}, {}}), 40);  // QEMU's own CPU
  domain.type = DomainType::kvm;
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {48, {}, {}}), 48);
  domain.cpu_mode = CpuMode::named;
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {48, {}, {}}), 40);
  domain.maxphysaddr = AddressBits::passthrough;
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {48, {}, {}}), 48);
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {}), std::nullopt);
  domain.maxphysaddr = {};
  domain.fragments = {{"attribute vm_xml_domain", FragmentPlace::domain,
                       "<cpu><maxphysaddr mode='passthrough' limit='42'/></cpu>"}};
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {48, {}, {}}), 42);
  EXPECT_EQ(guest_address_bits(domain_xml(domain), {39, {}, {}}), 39);
}

TEST(DomainGates, AHoleIsWithinTheAddressBits) {
  auto domain = example_domain("datacenter_gpu");  // 512 GiB of memory
  EXPECT_THAT(refusals(domain, {43, {}, {}}), IsEmpty());
  domain.cards.clear();
  domain.pcihole64_gib = 1537;
  EXPECT_THAT(refusals(domain, {41, {}, {}}),
              ElementsAre("V4 a 64-bit PCI hole of 1537 GiB and 512 GiB of memory are more than 41 "
                          "address bits reach; make the hole smaller or leave it out, UEFI needs "
                          "none"));
}

TEST(DomainGates, AnOldLibvirtWouldDropElements) {
  auto domain = example_domain("datacenter_gpu");
  domain.cards[0].driver_model = "nvgrace_gpu_vfio_pci";
  domain.cards[0].acpi_nodeset = "2-9";
  domain.cards[2].iommufd = true;
  domain.interfaces = {{InterfaceKind::bridge, "br0", "52:54:00:00:00:01", "virtio", 7, {}}};
  const auto count = [&](int version) { return refusals(domain, {{}, version, {}}).size(); };
  EXPECT_EQ(count(8001000), 6);
  EXPECT_EQ(count(8002000), 5);
  EXPECT_EQ(count(8007000), 4);
  EXPECT_EQ(count(10000000), 3);
  EXPECT_EQ(count(11000000), 2);
  EXPECT_EQ(count(11008000), 1);
  EXPECT_EQ(count(12001000), 0);
  EXPECT_THAT(refusals(domain, {{}, 11009002, {}}),
              ElementsAre("V8 <driver iommufd='yes'/> needs libvirt 12.1.0, the container has "
                          "11.9.2; leave it out, or update libvirt on the container"));
}

TEST(DomainGates, GpusAndDisksAreOnOneNode) {
  const auto card = [](const char* name, DeviceKind kind, std::optional<int> node) {
    CardSpec one;
    one.name = name;
    one.kind = kind;
    one.numa_node = node;
    return one;
  };
  const auto gpu0 = card("gpu0", DeviceKind::gpu, 0);
  const auto gpu1 = card("gpu1", DeviceKind::gpu, 1);
  const auto disk0 = card("disk0", DeviceKind::nvme, 0);
  const auto disk1 = card("disk1", DeviceKind::nvme, 1);
  const auto anywhere = card("disk2", DeviceKind::nvme, {});
  const auto said = [](const std::vector<CardSpec>& cards) {
    const auto far = far_apart(cards);
    return far ? far->reason.substr(0, far->reason.find(',')) : "";
  };
  EXPECT_EQ(said({gpu0, disk0}), "");
  EXPECT_EQ(said({gpu0, gpu1}), "");
  EXPECT_EQ(said({gpu0, anywhere}), "");
  EXPECT_EQ(said({gpu0, gpu1, disk0, disk1}), "");
  EXPECT_EQ(said({gpu0, card("nic", DeviceKind::other, 1)}), "");
  EXPECT_EQ(said({gpu0, disk1}), "GPU 'gpu0' is on NUMA node 0 and NVMe disk 'disk1' on node 1");
  EXPECT_EQ(said({gpu0, gpu1, disk0}),
            "GPU 'gpu1' is on NUMA node 1 and NVMe disk 'disk0' on node 0");
  EXPECT_EQ(said({gpu0, disk0, disk1}),
            "GPU 'gpu0' is on NUMA node 0 and NVMe disk 'disk1' on node 1");
}

TEST(DomainGates, NoPeerToPeerThroughIommufd) {
  auto domain = example_domain("datacenter_gpu");
  domain.cards[1].iommufd = true;
  domain.cards[2].iommufd = true;  // has no clique
  EXPECT_THAT(refusals(domain),
              ElementsAre("V9 'gpu1' has iommufd together with a GPUDirect clique, and QEMU has no "
                          "peer-to-peer DMA through iommufd; leave iommufd out"));
  domain = example_domain("gds_nvme");
  domain.cards[1].iommufd = true;
  EXPECT_THAT(refusals(domain),
              ElementsAre(HasSubstr("V9 'gds-nvme0' has iommufd together with the "
                                    "switch for peer to peer")));
}

TEST(DomainGates, OneDeviceOnce) {
  auto domain = example_domain("consumer_gpu");
  domain.cards.push_back(domain.cards[1]);
  domain.cards[2].name = "gpu2";
  domain.cards[2].functions = {pci("0000:b3:00.0")};
  EXPECT_THAT(refusals(domain),
              ElementsAre("V1 0000:b3:00.0 is in the VM twice, the second time as "
                          "'gpu2'; take one of them out"));
  domain = example_domain("mdev");
  domain.mdevs[1].uuid = domain.mdevs[0].uuid;
  EXPECT_THAT(refusals(domain), ElementsAre(HasSubstr("V1 mediated device 'c2177883")));
}

TEST(DomainGates, OneCardInOneSlot) {
  auto domain = example_domain("consumer_gpu");
  domain.cards[1].functions = {pci("0000:65:00.4")};
  EXPECT_THAT(refusals(domain),
              ElementsAre("V11 'gpu0' and 'gpu1' are functions of one card, which the guest would "
                          "see in two slots; make them one card"));
  for (auto& card : domain.cards) card.managed = false;  // as virtual functions are
  EXPECT_THAT(refusals(domain), IsEmpty());
}

TEST(DomainGates, BigBarsNeedQ35AndUefi) {
  auto domain = example_domain("old_machine");
  domain.cards[0].bars = {4095};
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.cards[0].bars = {16384};
  EXPECT_THAT(refusals(domain), ElementsAre("V12 'gpu0' has BARs of 16 GiB, and the VM has machine "
                                            "'pc'; machine q35 with firmware efi"));
  domain.machine = "q35";
  EXPECT_THAT(refusals(domain),
              ElementsAre("V12? 'gpu0' has BARs of 16 GiB, and the VM boots with a "
                          "BIOS; firmware efi"));
}

TEST(DomainGates, AScreenOfAVgpuNeedsGraphics) {
  auto domain = example_domain("mdev");
  domain.graphics = Graphics::none;
  EXPECT_THAT(refusals(domain),
              ElementsAre("V14 'vgpu0' is to be the guest's screen, and the VM has no graphics; "
                          "graphics vnc or spice, or no display"));
  domain.fragments = {
      {"attribute vm_xml_devices", FragmentPlace::devices, "<graphics type='egl-headless'/>"}};
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.fragments.clear();
  domain.mdevs[0].display = domain.mdevs[0].ramfb = false;
  EXPECT_THAT(refusals(domain), IsEmpty());
}

TEST(DomainGates, AGroupIsInTheVmAsAWhole) {
  const auto domain = example_domain("gds_nvme");
  const std::vector<std::vector<PciAddress>> groups{{pci("0000:19:00.0")},
                                                    {pci("0000:1a:00.0"), pci("0000:1a:00.1")},
                                                    {pci("0000:00:1f.0"), pci("0000:00:1f.1")}};
  EXPECT_THAT(
      refusals(domain, {{}, {}, groups}),
      ElementsAre("D4 0000:1a:00.1 is in the IOMMU group of 0000:1a:00.0 and not in the VM; "
                  "give the VM 0000:1a:00.1 as well, or move the card to a slot with a group "
                  "of its own"));
}

TEST(DomainGates, OnlyWhatIsKnownIsBehindTheSwitch) {
  auto domain = example_domain("gds_nvme");
  domain.cards[1].known = false;
  EXPECT_THAT(refusals(domain),
              ElementsAre("S4 'gds-nvme0' is known by address alone and so not behind the PCIe "
                          "switch; record its functions: cluster discover host gpu",
                          HasSubstr("V11? 'gds-nvme0' is known by address alone")));
}

TEST(DomainGates, WhatTheSwitchOfSomebodyElseIsForIsNotKnown) {
  auto domain = example_domain("gds_nvme");
  domain.cards[1].known = false;
  auto xml = domain_xml(domain);
  const std::string ours = "ua-up-switch";
  xml.replace(xml.find(ours), ours.size(), "ua-theirs");
  GateFacts facts;
  facts.cards = domain.cards;
  for (const auto& one : gate(xml, facts)) EXPECT_TRUE(one.warns) << one.id << one.reason;
}

}  // namespace
}  // namespace cluster::virt
