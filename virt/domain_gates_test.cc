#include "virt/domain_gates.h"

#include <gmock/gmock.h>

#include "tests/support/example_domains.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "V3 reason; fix", with '?' after the id when it only warns.
std::vector<std::string> refusals(const DomainSpec& domain, const GateFacts& facts = {}) {
  std::vector<std::string> out;
  for (const auto& refusal : gate(domain, facts)) {
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

TEST(DomainGates, BarsNeedAddressBits) {
  auto domain = example_domain("datacenter_gpu");  // two cards of 128 GiB
  EXPECT_THAT(refusals(domain, {46, {}, {}}), IsEmpty());
  EXPECT_THAT(refusals(domain, {41, {}, {}}), IsEmpty());
  domain.pcihole64_gib.reset();
  domain.maxphysaddr = AddressBits::by_cpu;
  domain.cpu_mode = CpuMode::host_model;
  EXPECT_THAT(
      refusals(domain, {46, {}, {}}),
      ElementsAre("V3 BARs of 256 GiB do not fit into the 128 GiB that a guest of 40 address "
                  "bits has for them; give the guest more address bits: <maxphysaddr "
                  "mode='passthrough'/> with CPU mode host-passthrough, or more of them "
                  "emulated"));
  domain.cards[1].bar_mib = 0;
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.cards[1].bar_mib = 32;
  EXPECT_THAT(refusals(domain), ElementsAre(HasSubstr("BARs of 131104 MiB")));
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 41;
  EXPECT_THAT(refusals(domain), IsEmpty());
}

TEST(DomainGates, WhoseAddressBitsTheGuestHas) {
  auto domain = example_domain("emulated");
  EXPECT_EQ(guest_address_bits(domain, {48, {}, {}}), 40);  // QEMU's own CPU
  domain.type = DomainType::kvm;
  EXPECT_EQ(guest_address_bits(domain, {48, {}, {}}), 48);
  domain.cpu_mode = CpuMode::named;
  EXPECT_EQ(guest_address_bits(domain, {48, {}, {}}), 40);
  domain.maxphysaddr = AddressBits::passthrough;
  EXPECT_EQ(guest_address_bits(domain, {48, {}, {}}), 48);
  EXPECT_EQ(guest_address_bits(domain, {}), std::nullopt);
}

TEST(DomainGates, AHoleIsWithinTheAddressBits) {
  auto domain = example_domain("datacenter_gpu");  // 512 GiB of memory
  EXPECT_THAT(refusals(domain, {41, {}, {}}), IsEmpty());
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
  domain.cards[0].bar_mib = 4095;
  EXPECT_THAT(refusals(domain), IsEmpty());
  domain.cards[0].bar_mib = 16384;
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
                          "switch; record its functions: cluster discover host gpu"));
}

}  // namespace
}  // namespace cluster::virt
