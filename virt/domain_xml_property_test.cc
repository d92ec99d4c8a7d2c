// These tests run domain_xml() on VMs that are made at random, and check facts that hold for every
// document.

#include <gmock/gmock.h>

#include <map>
#include <pugixml.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/generated_domains.h"
#include "virt/domain_gates.h"
#include "virt/domain_schema.h"
#include "virt/domain_xml.h"
#include "virt/running_domains.h"

namespace cluster::virt {
namespace {

constexpr int kDomains = 300;

// Calls `claim` with many VMs and their documents; a failure names the VM.
template <typename Claim>
void for_all(std::uint32_t seed, const Claim& claim) {
  GeneratedDomains generated(seed);
  for (int i = 0; i < kDomains && !::testing::Test::HasFailure(); ++i) {
    const auto domain = generated.next();
    const auto xml = domain_xml(domain);
    SCOPED_TRACE(xml);
    claim(domain, xml);
  }
}

pugi::xml_document parsed(const std::string& xml) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(xml.c_str(), pugi::parse_full));
  return document;
}

std::vector<pugi::xml_node> all(pugi::xml_node parent, const char* name) {
  std::vector<pugi::xml_node> nodes;
  for (const auto node : parent.children(name)) nodes.push_back(node);
  return nodes;
}

std::string attribute(pugi::xml_node node, const char* name) {
  return node.attribute(name).value();
}

// An <address type='pci'> of the guest, as bus, slot and function.
std::vector<unsigned> place(pugi::xml_node device) {
  const auto address = device.child("address");
  return {address.attribute("bus").as_uint(), address.attribute("slot").as_uint(),
          address.attribute("function").as_uint()};
}

TEST(DomainXmlProperty, IsWhatLibvirtsSchemaAllows) {
  const DomainSchema schema;
  for_all(1, [&](const DomainSpec&, const std::string& xml) {
    EXPECT_EQ(schema.refusal(xml), std::nullopt);
    EXPECT_EQ(schema.refusal(for_define(xml)), std::nullopt);
  });
}

TEST(DomainXmlProperty, IsTheSameEachTimeAndEndsWithALine) {
  for_all(2, [](const DomainSpec& domain, const std::string& xml) {
    EXPECT_EQ(domain_xml(domain), xml);
    EXPECT_TRUE(xml.ends_with("</domain>\n"));
    EXPECT_EQ(xml.find(" />"), std::string::npos);
    EXPECT_EQ(xml.find('\t'), std::string::npos);
  });
}

TEST(DomainXmlProperty, ADefineHasItsOwnFingerprintAndNothingElseMore) {
  for_all(3, [](const DomainSpec&, const std::string& xml) {
    auto defined = for_define(xml);
    EXPECT_EQ(fingerprint_in(defined), fingerprint(xml));
    const auto from = defined.find("  <metadata>");
    const auto to = defined.find("</metadata>\n");
    ASSERT_NE(to, std::string::npos);
    defined.erase(from, to + std::string("</metadata>\n").size() - from);
    EXPECT_EQ(defined, xml);
  });
}

TEST(DomainXmlProperty, TellsTheDevicesOfTheHostThatTheVmGets) {
  for_all(4, [](const DomainSpec& domain, const std::string& xml) {
    std::vector<std::string> expected;
    for (const auto& card : domain.cards) {
      for (const auto& function : card.functions) expected.push_back(function.sysfs());
    }
    for (const auto& mdev : domain.mdevs) expected.push_back(mdev.uuid);
    EXPECT_THAT(host_devices(xml), ::testing::UnorderedElementsAreArray(expected));
  });
}

TEST(DomainXmlProperty, ReadsBackAsThePlainValues) {
  for_all(5, [](const DomainSpec& domain, const std::string& xml) {
    const auto document = parsed(xml);
    const auto root = document.child("domain");
    EXPECT_EQ(attribute(root, "type"), domain.type == DomainType::kvm ? "kvm" : "qemu");
    EXPECT_EQ(root.child_value("name"), domain.name);
    EXPECT_EQ(root.child_value("uuid"), domain.uuid);
    EXPECT_EQ(root.child("memory").text().as_int(), domain.memory_mib);
    EXPECT_EQ(root.child("vcpu").text().as_int(), domain.cpus);
    EXPECT_EQ(attribute(root.child("os").child("type"), "machine"), domain.machine);
    EXPECT_EQ(root.child("os").attribute("firmware").empty(), domain.firmware == Firmware::bios);
    EXPECT_EQ(root.child("memoryBacking").empty(), !domain.hugepage_kib);
    EXPECT_EQ(root.child("cpu").child("topology").empty(), !domain.topology);
    EXPECT_EQ(root.child("numatune").empty(), !domain.numa);
    EXPECT_EQ(root.child("devices").child_value("emulator"), domain.emulator);
    EXPECT_EQ(root.child("features").child("hyperv").empty(), !domain.hide_hypervisor);
  });
}

TEST(DomainXmlProperty, HasEachDiskAndInterfaceInOrder) {
  for_all(6, [](const DomainSpec& domain, const std::string& xml) {
    const auto document = parsed(xml);
    const auto devices = document.child("domain").child("devices");
    const auto disks = all(devices, "disk");
    ASSERT_EQ(disks.size(), domain.disks.size());
    for (std::size_t i = 0; i < disks.size(); ++i) {
      const auto source = disks[i].child("source");
      EXPECT_EQ(attribute(source, "file") + attribute(source, "dev"), domain.disks[i].path);
      EXPECT_EQ(attribute(disks[i].child("target"), "dev"), domain.disks[i].target);
      EXPECT_EQ(disks[i].child("readonly").empty(), domain.disks[i].source != DiskSource::cdrom);
      EXPECT_EQ(disks[i].child("boot").attribute("order").as_int(),
                domain.disks[i].boot_order.value_or(0));
    }
    const auto interfaces = all(devices, "interface");
    ASSERT_EQ(interfaces.size(), domain.interfaces.size());
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
      EXPECT_EQ(attribute(interfaces[i].child("mac"), "address"), domain.interfaces[i].mac);
      EXPECT_EQ(interfaces[i].child("vlan").child("tag").attribute("id").as_int(),
                domain.interfaces[i].vlan.value_or(0));
    }
  });
}

TEST(DomainXmlProperty, BootsByKindsOrByOrderAndNeverByBoth) {
  for_all(7, [](const DomainSpec& domain, const std::string& xml) {
    const bool kinds = xml.find("<boot dev=") != std::string::npos;
    const bool order = xml.find("<boot order=") != std::string::npos;
    EXPECT_NE(kinds, order);
    EXPECT_EQ(all(parsed(xml).child("domain").child("os"), "boot").size(),
              order ? 0 : domain.boot.size());
  });
}

TEST(DomainXmlProperty, NoTwoDevicesShareAPlaceInTheGuest) {
  for_all(8, [](const DomainSpec&, const std::string& xml) {
    const auto document = parsed(xml);
    std::set<std::vector<unsigned>> places;
    for (const auto device : document.child("domain").child("devices").children()) {
      if (attribute(device.child("address"), "type") != "pci") continue;
      EXPECT_TRUE(places.insert(place(device)).second) << device.name();
    }
  });
}

TEST(DomainXmlProperty, NoTwoDevicesShareAnAlias) {
  for_all(9, [](const DomainSpec&, const std::string& xml) {
    const auto document = parsed(xml);
    std::set<std::string> aliases;
    for (const auto device : document.child("domain").child("devices").children()) {
      const auto alias = attribute(device.child("alias"), "name");
      // The console is the serial port.
      if (alias.empty() || device.name() == std::string("console")) continue;
      EXPECT_TRUE(alias.starts_with("ua-")) << alias;
      EXPECT_TRUE(aliases.insert(alias).second) << alias;
    }
  });
}

TEST(DomainXmlProperty, EachBusHasAController) {
  for_all(10, [](const DomainSpec&, const std::string& xml) {
    const auto document = parsed(xml);
    const auto devices = document.child("domain").child("devices");
    std::set<unsigned> buses{0};
    for (const auto controller : all(devices, "controller")) {
      if (attribute(controller, "type") != "pci") continue;
      const auto index = controller.attribute("index").as_uint();
      EXPECT_TRUE(index == 0 || buses.insert(index).second) << index;
      // A bus is behind one that stands before it.
      if (controller.child("address").empty()) continue;
      EXPECT_LT(place(controller)[0], index);
      EXPECT_TRUE(buses.contains(place(controller)[0])) << index;
    }
    for (const auto device : all(devices, "hostdev")) {
      if (device.child("address").empty()) continue;
      EXPECT_TRUE(buses.contains(place(device)[0])) << place(device)[0];
    }
  });
}

TEST(DomainXmlProperty, AKnownCardIsInOneSlotThatHasAFunction0) {
  for_all(11, [](const DomainSpec& domain, const std::string& xml) {
    const auto document = parsed(xml);
    std::map<std::string, std::set<std::vector<unsigned>>> slots;
    std::map<std::string, int> first_functions;
    for (const auto device : all(document.child("domain").child("devices"), "hostdev")) {
      if (attribute(device, "type") != "pci" || device.child("address").empty()) continue;
      auto at = place(device);
      auto alias = attribute(device.child("alias"), "name");
      alias = alias.substr(0, alias.find("-fn"));
      if (at[2] == 0) ++first_functions[alias];
      at.pop_back();
      slots[alias].insert(at);
    }
    for (const auto& card : domain.cards) {
      EXPECT_EQ(slots["ua-" + card.name].size(), card.known ? 1 : 0) << card.name;
      EXPECT_EQ(first_functions["ua-" + card.name], card.known ? 1 : 0) << card.name;
    }
  });
}

TEST(DomainXmlProperty, TheGatesTakeEveryVmWhenNothingIsKnownOfTheHost) {
  for_all(12, [](const DomainSpec& domain, const std::string& xml) {
    GateFacts facts;
    facts.cards = domain.cards;
    for (const auto& refusal : gate(xml, facts)) {
      // The VM itself decides only these facts: what is behind a switch, the guest's address bits,
      // and which cards are known by address alone.
      EXPECT_THAT(refusal.id, ::testing::AnyOf("S4", "V4", "V11")) << refusal.reason;
    }
  });
}

}  // namespace
}  // namespace cluster::virt
