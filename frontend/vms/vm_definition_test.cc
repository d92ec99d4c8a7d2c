// What the inventory says of a VM, as the domain that is made of it, and what is judged of it.

#include "frontend/vms/vm_definition.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int kLibvirtHere = 9000000;

class VmDefinition : public FrontendTest {
 protected:
  VmDefinition() {
    add_host("n1");
    add_vm("v1", "n1");
  }

  Vm v1() { return inventory().require_vm(HostName("v1")); }

  // Gives v1 this card of n1 alone.
  virt::CardSpec given(const GpuCard& card) {
    inventory().store_gpu_cards(HostName("n1"), {{card}, {}});
    give("v1", "gpupci", card.name.str());
    const auto spec = VmDefinitions(inventory(), {v1()}).spec(v1());
    EXPECT_EQ(spec.cards.size(), 1U);
    return spec.cards.at(0);
  }

  template <typename Call>
  static std::string refusal_by(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused) << error.what();
      return error.what();
    }
    return "taken";
  }
};

TEST_F(VmDefinition, ACardThatWasOnlyTypedIsItsAddress) {
  inventory().add_gpu({HostName("n1"), GpuName("gpupci1"), PciAddress::parse("0000:01:00.0")});
  give("v1", "gpupci", "gpupci1");
  const auto card = VmDefinitions(inventory(), {v1()}).spec(v1()).cards.at(0);
  EXPECT_FALSE(card.known);
  EXPECT_EQ(card.name, "gpupci");
  EXPECT_THAT(card.functions, ElementsAre(PciAddress::parse("0000:01:00.0")));
  EXPECT_THAT(card.bars, IsEmpty());
}

TEST_F(VmDefinition, TheBarsOfACardAreThoseOfItsFunctions) {
  auto card = told_card("gpupci1", "0000:01:00.0");
  card.functions[0].bars = {131072, 32};
  card.functions[0].bar_mib = 131104;
  card.functions.push_back({PciAddress::parse("0000:01:00.1"), "0403", "10de", "10f8", {}, {}, {}});
  card.functions[1].bars = {16};
  card.functions[1].bar_mib = 16;
  EXPECT_THAT(given(card).bars, ElementsAre(131072, 32, 16));
}

// An older program stored no more than that.
TEST_F(VmDefinition, OfASumTheBarsAreThePowersOfTwoInIt) {
  auto card = told_card("gpupci1", "0000:01:00.0");
  card.functions[0].bar_mib = 131072 + 32 + 16;
  EXPECT_THAT(given(card).bars, ElementsAre(131072, 32, 16));
}

struct BoardOfModel {
  const char* model;
  bool sxm;
};

// A board with NVSwitches wants all its cards in one VM, or a partition.
TEST_F(VmDefinition, ABoardWithSwitchesIsKnownByTheModel) {
  for (const auto& one :
       {BoardOfModel{"GH100 [H100 SXM5 80GB]", true}, BoardOfModel{"GA100 [A100 sxm4 40GB]", true},
        BoardOfModel{"GV100GL [Tesla V100 SXM2 16GB]", false},
        BoardOfModel{"GH100 [H100 PCIe]", false}}) {
    auto card = told_card("gpupci1", "0000:01:00.0");
    card.model = one.model;
    EXPECT_EQ(given(card).sxm, one.sxm) << one.model;
    inventory().unassign_gpu(HostName("v1"), GpuName("gpupci"));
  }
}

TEST_F(VmDefinition, ACardThatCameSinceIsAnInventoryThatChanged) {
  const VmDefinitions before(inventory(), {v1()});
  inventory().add_gpu({HostName("n1"), GpuName("gpupci1"), PciAddress::parse("0000:01:00.0")});
  give("v1", "gpupci", "gpupci1");
  EXPECT_EQ(refusal_by([&] { before.spec(v1()); }),
            "VM 'v1': the inventory changed while it was read: try again");
}

TEST_F(VmDefinition, TheNearestAttributeCounts) {
  const HostName n1("n1");
  inventory().set_attributes({{{}, {}, "vm_autostart", "no"},
                              {"vm", {}, "vm_autostart", "yes"},
                              {{}, n1, "vm_autostart", "no"}});
  EXPECT_FALSE(VmDefinitions(inventory(), {v1()}).autostart(v1())) << "its container says no";
  inventory().set_attributes({{{}, HostName("v1"), "vm_autostart", "yes"}});
  EXPECT_TRUE(VmDefinitions(inventory(), {v1()}).autostart(v1()));
  inventory().set_attributes({{{}, HostName("v1"), "vm_machine", "pc"}});
  EXPECT_EQ(VmDefinitions(inventory(), {v1()}).spec(v1()).machine, "pc");
}

TEST_F(VmDefinition, AVmThatIsToldNothingHasNoSeed) {
  EXPECT_FALSE(VmDefinitions(inventory(), {v1()}).seed(v1()));
  inventory().set_attributes({{{}, {}, "vm_seed", "yes"}});
  const auto spec = VmDefinitions(inventory(), {v1()}).spec(v1());
  ASSERT_EQ(spec.disks.size(), 1U);
  EXPECT_EQ(spec.disks[0].path, VmDefinitions(inventory(), {v1()}).seed(v1())->path);
  EXPECT_TRUE(spec.disks[0].optional);
}

TEST_F(VmDefinition, ItsNameInLibvirtIsInTheDomainAlone) {
  auto vm = v1();
  vm.libvirt_name = "old name";
  const VmDefinitions definitions(inventory(), {vm});
  EXPECT_EQ(definitions.spec(vm).name, "old name");
  inventory().set_attributes({{{}, {}, "vm_cpu_topology", "1,2,2"}});
  EXPECT_THAT(refusal_by([&] { VmDefinitions(inventory(), {vm}).spec(vm); }),
              StartsWith("attribute vm_cpu_topology of VM 'v1' is '1,2,2': "));
}

// Two interfaces of one MAC address, which no VM can have (V15).
std::string with_twins(std::string document) {
  const std::string twin = "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>";
  return document.insert(document.find("</devices>"), twin + twin);
}

TEST_F(VmDefinition, WhatCannotWorkIsRefusedUnlessItIsSoThereAlready) {
  const auto vm = v1();
  const VmDefinitions definitions(inventory(), {vm});
  const auto ours = definitions.rendering(vm, kLibvirtHere);
  const auto document = with_twins(ours.xml);
  const std::string line =
      "VM 'v1': V15: two network interfaces have the MAC 52:54:00:00:00:01: give one of them "
      "another";
  const auto judged = [&](const std::string& there) {
    return definitions.judge(vm, ours, document, there, kLibvirtHere);
  };
  EXPECT_EQ(refusal_by([&] { judged(""); }), line) << "libvirt has none";
  EXPECT_EQ(refusal_by([&] { judged(ours.xml); }), line) << "it is new";
  EXPECT_THAT(judged(document), ElementsAre(line)) << "somebody there wants it so";
  auto also_ours = ours;
  also_ours.xml = document;
  EXPECT_EQ(refusal_by([&] { definitions.judge(vm, also_ours, document, document, kLibvirtHere); }),
            line)
      << "the inventory alone makes it so";
  EXPECT_THAT(definitions.judge(vm, ours, ours.xml, document, kLibvirtHere), IsEmpty());
}

// A domain that was defined without a check may have what its libvirt's own schema refuses.
TEST_F(VmDefinition, WhatTheSchemaRefusesIsLeftWhereItIsThereAlready) {
  auto vm = v1();
  vm.uuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
  const VmDefinitions definitions(inventory(), {vm});
  const auto ours = definitions.rendering(vm, kLibvirtHere);
  const auto with = [&](const std::string& device) {
    auto document = ours.xml;
    return document.insert(document.find("</devices>"), device);
  };
  const std::string nic = "<interface type='user'><rom file=''/></interface>";
  const auto check = [&](const std::string& document, const std::string& there) {
    return definitions.check(vm, ours, document, there).by;
  };
  EXPECT_EQ(check(ours.xml, with(nic)), virt::Validation::none) << "it fits";
  EXPECT_EQ(check(with(nic), with(nic)), virt::Validation::none) << "libvirt has it so";
  EXPECT_EQ(check(with(nic), ours.xml), virt::Validation::schema) << "it is new there";
  EXPECT_EQ(check(with(nic), ""), virt::Validation::schema) << "libvirt has none";
  EXPECT_EQ(check(with("<sound model='none'/>"), with(nic)), virt::Validation::schema)
      << "it is another fault";
  EXPECT_EQ(definitions.check(vm, ours, with(nic), with(nic)).note, std::nullopt);
}

}  // namespace
}  // namespace cluster::frontend
