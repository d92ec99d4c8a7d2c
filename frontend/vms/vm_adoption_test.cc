// How domains of a container stand to the inventory. Taking them in is told by
// tests/cli/adopt_vm_test.cc.

#include "frontend/vms/vm_adoption.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

virt::Domain domain_named(const std::string& name,
                          const std::string& uuid = "7c1e0000-0000-4000-8000-000000000001") {
  virt::Domain domain;
  domain.name = name;
  domain.uuid = uuid;
  return domain;
}

TEST(NameFor, IsTheNameThatItHasWhereAHostMayHaveIt) {
  for (const char* name : {"rocks-33", "a", "vm_1", "web.example.org", "VM1", "101"}) {
    EXPECT_EQ(name_for(domain_named(name)).str(), name);
  }
}

TEST(NameFor, HasADashForWhatNoHostsNameHas) {
  for (const auto& [domain, name] :
       std::vector<std::pair<std::string, std::string>>{{"Build Server (old)", "Build-Server-old"},
                                                        {" Büro/2_x. ", "B-ro-2-x"},
                                                        {"-v", "v"},
                                                        {"--a--b--", "a-b"},
                                                        {"a, b; c", "a-b-c"},
                                                        {"$(reboot)", "reboot"},
                                                        {"c++", "c"},
                                                        {"it's", "it-s"},
                                                        {"\xd0\xb2\xd0\xbc 7", "7"}}) {
    EXPECT_EQ(name_for(domain_named(domain)).str(), name) << domain;
  }
}

TEST(NameFor, IsMadeOfTheUuidWhereNothingIsLeft) {
  for (const char* name : {"-", "???", "\xe4\xbb\xae\xe6\x83\xb3", " ", "..."}) {
    EXPECT_EQ(name_for(domain_named(name)).str(), "vm-7c1e0000") << name;
  }
}

TEST(NameFor, IsNoLongerThanALabel) {
  const auto longest = std::string(63, 'a');
  EXPECT_EQ(name_for(domain_named(longest + " b")).str(), longest);
  EXPECT_EQ(name_for(domain_named(std::string(62, 'a') + " b")).str(), std::string(62, 'a'));
  EXPECT_EQ(name_for(domain_named(std::string(255, 'x'))).str(), std::string(63, 'x'));
}

Host host_n1() { return {HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}}; }

Vm vm_on(const std::string& name, const std::string& container, const std::string& uuid) {
  return {HostName(name), HostName(container), uuid, 1024, 1, {}, {}};
}

// "ours v1" of each domain, or why it is not ours.
std::vector<std::string> relations(const std::vector<virt::Domain>& domains,
                                   const std::vector<Vm>& vms) {
  VmHost there{host_n1()};
  there.found = domains;
  std::vector<std::string> out;
  for (const auto& found : found_domains(there, vms, {})) {
    out.push_back(std::string(name(found.relation)) + (found.vm ? " " + found.vm->str() : "") +
                  (found.details.empty() ? "" : ": " + found.details));
  }
  return out;
}

TEST(FoundDomains, AreOursByTheirUuidAlone) {
  EXPECT_THAT(relations({domain_named("v1", "u1"), domain_named("renamed", "u2")},
                        {vm_on("v1", "n1", "u1"), vm_on("v2", "n1", "u2")}),
              ElementsAre("ours v1", "ours v2"));
}

TEST(FoundDomains, AreKnownWhereTheInventoryHasThemElsewhere) {
  EXPECT_THAT(relations({domain_named("v1", "u1")}, {vm_on("v1", "n2", "u1")}),
              ElementsAre("known v1: the inventory has it on n2"));
}

TEST(FoundDomains, AreKnownWhereAnotherVmHasTheirName) {
  const std::string why = ": the inventory's v1 is another VM, on n2, with uuid u9";
  EXPECT_THAT(relations({domain_named("v1", "u1")}, {vm_on("v1", "n2", "u9")}),
              ElementsAre("known v1" + why));
  auto named = vm_on("v1", "n1", "u9");
  named.libvirt_name = "Build Server";
  EXPECT_THAT(relations({domain_named("Build Server", "u1")}, {named}),
              ElementsAre("known v1: the inventory's v1 is another VM, on n1, with uuid u9"));
  named.container = HostName("n2");
  EXPECT_THAT(relations({domain_named("Build Server", "u1")}, {named}), ElementsAre("stranger"))
      << "the names of libvirt are those of one host";
}

TEST(FoundDomains, AreStrangersElse) {
  EXPECT_THAT(
      relations({domain_named("v1", "u1"), domain_named("V2", "u2")}, {vm_on("v2", "n1", "u9")}),
      ElementsAre("stranger", "stranger"));
  EXPECT_THAT(relations({}, {vm_on("v2", "n1", "u9")}), IsEmpty());
}

GpuCard card_at(const std::string& name, const std::string& pci,
                const std::vector<std::string>& functions = {}) {
  GpuCard card{GpuName(name), PciAddress::parse(pci), {}, {}, {}, {}, {}, false, {}};
  for (const auto& one : functions) {
    GpuFunction function;
    function.pci = PciAddress::parse(one);
    card.functions.push_back(function);
  }
  return card;
}

TEST(FoundDomains, HaveTheirCardsByNameAndEachOnce) {
  VmHost there{host_n1()};
  there.found = {domain_named("a", "u1"), domain_named("b", "u2"), domain_named("c", "u3")};
  there.devices = {{"u1",
                    "a",
                    {"pci_0000_02_00_1", "pci_0000_02_00_0", "pci_0000_0a_00_0", "pci_0000_99_00_0",
                     "c2177883-f1bb-47f0-914d-32a22e3a8804"}},
                   {"u2", "b", {"pci_0000_03_00_7"}}};
  HostDevices devices;
  devices.cards = {card_at("gpupci10", "0000:0a:00.0", {"0000:0a:00.0"}),
                   card_at("gpupci2", "0000:02:00.0", {"0000:02:00.0", "0000:02:00.1"}),
                   card_at("gpupci3", "0000:03:00.0")};
  const auto found = found_domains(there, {}, devices);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_THAT(found[0].cards, ElementsAre("c2177883-f1bb-47f0-914d-32a22e3a8804", "gpupci2",
                                          "gpupci10", "pci_0000_99_00_0"));
  EXPECT_THAT(found[1].cards, ElementsAre("gpupci3")) << "of one that was typed, the slot counts";
  EXPECT_THAT(found[2].cards, IsEmpty());
}

TEST(MacOwners, AreTheInterfacesThatHaveOne) {
  auto vm = vm_on("v1", "n1", "u1");
  vm.interfaces.push_back(
      {"eth0", InterfaceKind::bridge, "br0", MacAddress::parse("52:54:00:AA:00:01")});
  vm.interfaces.push_back({"eth1", InterfaceKind::bridge, "br0", {}});
  auto twin = vm_on("v2", "n2", "u2");
  twin.interfaces.push_back(
      {"eth5", InterfaceKind::bridge, "br0", MacAddress::parse("52:54:00:aa:00:01")});
  const auto owners = mac_owners({vm, twin});
  ASSERT_EQ(owners.size(), 1U);
  EXPECT_EQ(owners.at(MacAddress::parse("52:54:00:aa:00:01")), "eth0 of VM 'v1'");
}

}  // namespace
}  // namespace cluster::frontend
