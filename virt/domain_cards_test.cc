// These tests are about the places of cards and mediated devices in the guest, and about their XML.

#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CardSpec card(const std::string& name, const std::vector<std::string>& functions) {
  CardSpec spec;
  spec.name = name;
  for (const auto& function : functions) spec.functions.push_back(PciAddress::parse(function));
  return spec;
}

// A VM with this many cards of one function, gpu0, gpu1, ...
DomainSpec with_cards(int count, const std::string& machine = "q35") {
  DomainSpec domain;
  domain.name = "rocks-33";
  domain.machine = machine;
  for (int i = 0; i < count; ++i) {
    domain.cards.push_back(card("gpu" + std::to_string(i), {"01:00.0"}));
    domain.cards.back().functions[0].bus = static_cast<std::uint8_t>(i);
  }
  return domain;
}

// A VM of node 0 whose cards are of these nodes, with an expander of the guest.
DomainSpec on_nodes(const std::vector<int>& nodes) {
  auto domain = with_cards(static_cast<int>(nodes.size()));
  domain.numa = NumaSpec{};
  domain.numa->expander = true;
  for (std::size_t i = 0; i < nodes.size(); ++i) domain.cards[i].numa_node = nodes[i];
  return domain;
}

// "pcie-root-port ua-rp-gpu0 0000:00:02.0 port 16"
std::vector<std::string> controllers(const DomainSpec& domain) {
  std::vector<std::string> lines;
  for (const auto& controller : place_cards(domain).controllers) {
    auto line = controller.model;
    if (!controller.alias.empty()) line += " " + controller.alias;
    if (controller.address) line += " " + controller.address->sysfs();
    if (controller.port) line += " port " + std::to_string(*controller.port);
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> places(const DomainSpec& domain) {
  std::vector<std::string> lines;
  const auto slots = place_cards(domain);
  for (const auto& slot : slots.cards) lines.push_back(slot ? slot->sysfs() : "libvirt's choice");
  for (const auto& slot : slots.mdevs) lines.push_back("mdev " + slot.sysfs());
  return lines;
}

std::string slot_refusal(const DomainSpec& domain) {
  try {
    place_cards(domain);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "placed";
}

// The children of <devices> that `add` appends.
template <typename Add>
std::string devices_of(const Add& add) {
  pugi::xml_document document;
  add(child(document, "devices"));
  return document_text(document);
}

std::string hostdevs(const DomainSpec& domain) {
  return devices_of(
      [&](pugi::xml_node devices) { add_hostdevs(devices, domain, place_cards(domain)); });
}

TEST(DomainCards, EachHasARootPortOfItsOwn) {
  const auto domain = with_cards(3);
  EXPECT_THAT(controllers(domain),
              ElementsAre("pcie-root", "pcie-root-port ua-rp-gpu0 0000:00:02.0 port 16",
                          "pcie-root-port ua-rp-gpu1 0000:00:03.0 port 24",
                          "pcie-root-port ua-rp-gpu2 0000:00:04.0 port 32"));
  EXPECT_THAT(places(domain), ElementsAre("0000:01:00.0", "0000:02:00.0", "0000:03:00.0"));
}

TEST(DomainCards, OneThatIsKnownByAddressAloneTakesNoPort) {
  auto domain = with_cards(2);
  domain.cards[0].known = false;
  EXPECT_THAT(controllers(domain),
              ElementsAre("pcie-root", "pcie-root-port ua-rp-gpu1 0000:00:02.0 port 16"));
  EXPECT_THAT(places(domain), ElementsAre("libvirt's choice", "0000:01:00.0"));
}

TEST(DomainCards, MediatedDevicesComeAfterThem) {
  auto domain = with_cards(1);
  domain.mdevs = {{"vgpu0", "c2177883-f1bb-47f0-914d-32a22e3a8804", false, false}};
  EXPECT_THAT(places(domain), ElementsAre("0000:01:00.0", "mdev 0000:02:00.0"));
  domain.machine = "pc";
  EXPECT_THAT(places(domain), ElementsAre("0000:00:10.0", "mdev 0000:00:11.0"));
}

TEST(DomainCards, AMachineWithoutPciExpressHasThemOnItsOnlyBus) {
  const auto domain = with_cards(2, "pc-i440fx-7.2");
  EXPECT_THAT(controllers(domain), ElementsAre("pci-root"));
  EXPECT_THAT(places(domain), ElementsAre("0000:00:10.0", "0000:00:11.0"));
}

TEST(DomainCards, ThoseOfTheVmsNodeAreBehindTheExpander) {
  const auto domain = on_nodes({0, 1, 0});
  EXPECT_THAT(controllers(domain), ElementsAre("pcie-root", "pcie-expander-bus ua-pxb0",
                                               "pcie-root-port ua-rp-gpu0 0000:01:00.0 port 0",
                                               "pcie-root-port ua-rp-gpu1 0000:00:03.0 port 24",
                                               "pcie-root-port ua-rp-gpu2 0000:01:01.0 port 8"));
  EXPECT_THAT(places(domain), ElementsAre("0000:02:00.0", "0000:03:00.0", "0000:04:00.0"));
}

TEST(DomainCards, NoneOfTheVmsNodeMakesNoExpander) {
  EXPECT_THAT(controllers(on_nodes({1})),
              ElementsAre("pcie-root", "pcie-root-port ua-rp-gpu0 0000:00:02.0 port 16"));
}

TEST(DomainCards, ASwitchHasAllOfThem) {
  auto domain = with_cards(2);
  domain.pci_switch = true;
  EXPECT_THAT(controllers(domain),
              ElementsAre("pcie-root", "pcie-root-port ua-rp-switch 0000:00:02.0 port 16",
                          "pcie-switch-upstream-port ua-up-switch 0000:01:00.0",
                          "pcie-switch-downstream-port ua-dp-gpu0 0000:02:00.0 port 0",
                          "pcie-switch-downstream-port ua-dp-gpu1 0000:02:01.0 port 1"));
  EXPECT_THAT(places(domain), ElementsAre("0000:03:00.0", "0000:04:00.0"));
}

TEST(DomainCards, ASwitchIsBehindTheExpanderOnlyWithAllItsCards) {
  auto near = on_nodes({0, 0});
  near.pci_switch = true;
  EXPECT_THAT(controllers(near)[2], "pcie-root-port ua-rp-switch 0000:01:00.0 port 0");
  auto mixed = on_nodes({0, 1});
  mixed.pci_switch = true;
  EXPECT_THAT(controllers(mixed)[2], "pcie-root-port ua-rp-switch 0000:00:03.0 port 24");
  mixed.cards[1].known = false;  // such a card is not behind the switch
  EXPECT_THAT(controllers(mixed)[2], "pcie-root-port ua-rp-switch 0000:01:00.0 port 0");
}

TEST(DomainCards, FillTheGuestToItsLastSlotAndNoFurther) {
  const std::string no_slot = "cards of 'rocks-33' cannot be placed: no slot is left for '";
  EXPECT_EQ(slot_refusal(with_cards(25)), "placed");
  EXPECT_EQ(slot_refusal(with_cards(26)), no_slot + "gpu25' on machine 'q35'");
  EXPECT_EQ(slot_refusal(with_cards(16, "pc")), "placed");
  EXPECT_EQ(slot_refusal(with_cards(17, "pc")), no_slot + "gpu16' on machine 'pc'");
  EXPECT_EQ(slot_refusal(on_nodes(std::vector<int>(32, 0))), "placed");
  EXPECT_EQ(slot_refusal(on_nodes(std::vector<int>(33, 0))), no_slot + "gpu32' on machine 'q35'");
  auto switched = with_cards(32);
  switched.pci_switch = true;
  EXPECT_EQ(slot_refusal(switched), "placed");
  switched.cards.push_back(card("gpu32", {"41:00.0"}));
  EXPECT_EQ(slot_refusal(switched), no_slot + "gpu32' on machine 'q35'");
}

TEST(DomainCards, WhatNeedsPciExpressIsRefusedWithoutIt) {
  auto expander = on_nodes({0});
  expander.machine = "pc";
  EXPECT_THAT(slot_refusal(expander), HasSubstr("machine 'pc' has no PCI Express (want q35)"));
  auto switched = with_cards(0, "pc");
  switched.pci_switch = true;
  EXPECT_THAT(slot_refusal(switched), HasSubstr("machine 'pc' has no PCI Express (want q35)"));
}

TEST(DomainCards, AreWrittenWithAllThatIsKnown) {
  DomainSpec domain;
  domain.name = "rocks-33";
  domain.cards = {card("gpu0", {"65:00.1", "65:00.0"})};
  domain.cards[0].driver_model = "nvgrace_gpu_vfio_pci";
  domain.cards[0].rom_bar = false;
  domain.cards[0].rom_file = "/usr/share/vgabios/x.rom";
  domain.cards[0].acpi_nodeset = "2-9";
  domain.cards[0].iommufd = true;
  EXPECT_EQ(hostdevs(domain),
            "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <driver model='nvgrace_gpu_vfio_pci' iommufd='yes'/>\n"
            "    <source>\n"
            "      <address domain='0x0000' bus='0x65' slot='0x00' function='0x0'/>\n"
            "    </source>\n"
            "    <alias name='ua-gpu0-fn0'/>\n"
            "    <rom bar='off' file='/usr/share/vgabios/x.rom'/>\n"
            "    <acpi nodeset='2-9'/>\n"
            "    <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0' "
            "multifunction='on'/>\n"
            "  </hostdev>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <driver iommufd='yes'/>\n"
            "    <source>\n"
            "      <address domain='0x0000' bus='0x65' slot='0x00' function='0x1'/>\n"
            "    </source>\n"
            "    <alias name='ua-gpu0-fn1'/>\n"
            "    <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x1'/>\n"
            "  </hostdev>\n"
            "</devices>\n");
}

TEST(DomainCards, AMediatedDeviceIsWrittenByItsUuid) {
  DomainSpec domain;
  domain.mdevs = {{"vgpu0", "c2177883-f1bb-47f0-914d-32a22e3a8804", true, true}};
  EXPECT_EQ(hostdevs(domain),
            "<devices>\n"
            "  <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci' display='on' "
            "ramfb='on'>\n"
            "    <source>\n"
            "      <address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/>\n"
            "    </source>\n"
            "    <alias name='ua-vgpu0'/>\n"
            "    <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>\n"
            "  </hostdev>\n"
            "</devices>\n");
  domain.mdevs[0].display = domain.mdevs[0].ramfb = false;
  EXPECT_THAT(hostdevs(domain), HasSubstr("display='off'>"));
}

TEST(DomainCards, TheRootBusIsWrittenOnlyWhenItSaysSomething) {
  const auto written = [](const DomainSpec& domain) {
    return devices_of(
        [&](pugi::xml_node devices) { add_controllers(devices, domain, place_cards(domain)); });
  };
  auto domain = with_cards(1);
  domain.cards[0].known = false;
  EXPECT_EQ(written(domain), "<devices/>\n");
  domain.pcihole64_gib = 512;
  EXPECT_EQ(written(domain),
            "<devices>\n"
            "  <controller type='pci' index='0' model='pcie-root'>\n"
            "    <pcihole64 unit='GiB'>512</pcihole64>\n"
            "  </controller>\n"
            "</devices>\n");
  domain = on_nodes({0});
  EXPECT_THAT(written(domain),
              HasSubstr("  <controller type='pci' index='1' model='pcie-expander-bus'>\n"
                        "    <target busNr='128'>\n"
                        "      <node>0</node>\n"
                        "    </target>\n"
                        "    <alias name='ua-pxb0'/>\n"
                        "  </controller>\n"
                        "  <controller type='pci' index='2' model='pcie-root-port'>\n"
                        "    <target chassis='2' port='0x0'/>\n"
                        "    <alias name='ua-rp-gpu0'/>\n"));
}

TEST(DomainCards, EachNodeOfTheGuestHasAnExpanderOfItsOwn) {
  auto domain = on_nodes({1, 0, 2, 1});
  domain.numa->host_nodes = {0, 1};
  EXPECT_THAT(controllers(domain),
              ElementsAre("pcie-root", "pcie-expander-bus ua-pxb0", "pcie-expander-bus ua-pxb1",
                          "pcie-root-port ua-rp-gpu0 0000:02:00.0 port 0",
                          "pcie-root-port ua-rp-gpu1 0000:01:00.0 port 0",
                          "pcie-root-port ua-rp-gpu2 0000:00:04.0 port 32",
                          "pcie-root-port ua-rp-gpu3 0000:02:01.0 port 8"));
  const auto slots = place_cards(domain);
  EXPECT_EQ(slots.controllers[1].bus, 128);
  EXPECT_EQ(slots.controllers[2].bus, 192);
  EXPECT_EQ(slots.controllers[2].cell, 1);
}

TEST(DomainCards, EachNodeOfTheGuestHasASwitchOfItsOwn) {
  auto domain = on_nodes({0, 1, 2});
  domain.numa->host_nodes = {0, 1};
  domain.pci_switch = true;
  EXPECT_THAT(controllers(domain),
              ElementsAre("pcie-root", "pcie-expander-bus ua-pxb0", "pcie-expander-bus ua-pxb1",
                          "pcie-root-port ua-rp-switch0 0000:01:00.0 port 0",
                          "pcie-switch-upstream-port ua-up-switch0 0000:03:00.0",
                          "pcie-root-port ua-rp-switch1 0000:02:00.0 port 0",
                          "pcie-switch-upstream-port ua-up-switch1 0000:05:00.0",
                          "pcie-root-port ua-rp-switch 0000:00:04.0 port 32",
                          "pcie-switch-upstream-port ua-up-switch 0000:07:00.0",
                          "pcie-switch-downstream-port ua-dp-gpu0 0000:04:00.0 port 0",
                          "pcie-switch-downstream-port ua-dp-gpu1 0000:06:00.0 port 0",
                          "pcie-switch-downstream-port ua-dp-gpu2 0000:08:00.0 port 0"));
}

TEST(DomainCards, ACliqueIsSaidOfFunction0OfEachCardThatHasOne) {
  auto domain = with_cards(3);
  domain.cards[0].gpudirect_clique = 0;
  domain.cards[2].gpudirect_clique = 15;
  domain.cards[2].functions.push_back(domain.cards[2].functions[0]);
  domain.cards[2].functions[1].function = 1;
  pugi::xml_document document;
  auto root = child(document, "domain");
  add_override(root, domain);
  const auto override = root.child("qemu:override");
  std::vector<std::string> said;
  for (const auto device : override.children("qemu:device")) {
    const auto property = device.child("qemu:frontend").child("qemu:property");
    said.push_back(std::string(device.attribute("alias").value()) + " " +
                   property.attribute("value").value());
  }
  EXPECT_THAT(said, ElementsAre("ua-gpu0 0", "ua-gpu2-fn0 15"));
  EXPECT_STREQ(root.attribute("xmlns:qemu").value(), "http://libvirt.org/schemas/domain/qemu/1.0");
}

TEST(DomainCards, NoCliqueDeclaresNothing) {
  pugi::xml_document document;
  auto root = child(document, "domain");
  add_override(root, with_cards(2));
  EXPECT_EQ(document_text(document), "<domain/>\n");
}

TEST(DomainCards, NoneIsPlacedWithoutCards) {
  EXPECT_THAT(controllers(with_cards(0)), ElementsAre("pcie-root"));
  EXPECT_THAT(places(with_cards(0)), IsEmpty());
}

}  // namespace
}  // namespace cluster::virt
