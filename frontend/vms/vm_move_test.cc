// Cards that are chosen for a VM, and a VM that goes to another container with cards like its own.

#include "frontend/vms/vm_move.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// v1 is on n1, which has an H100 and an L4; n2 has an L4 and two H100, and n3 has nothing.
class VmMove : public FrontendTest {
 protected:
  VmMove() {
    for (const auto* host : {"n1", "n2", "n3"}) add_host(host);
    inventory().store_gpu_cards(HostName("n1"), {{told_card("gpupci1", "0000:01:00.0", "2330"),
                                                  told_card("gpupci2", "0000:02:00.0", "27b8")},
                                                 {}});
    inventory().store_gpu_cards(HostName("n2"), {{told_card("gpupci1", "0000:01:00.0", "27b8"),
                                                  told_card("gpupci2", "0000:02:00.0", "2330"),
                                                  told_card("gpupci3", "0000:03:00.0", "2330")},
                                                 {}});
    add_vm("v1", "n1");
  }

  Vm v1() { return inventory().require_vm(HostName("v1")); }

  Moved move_to(const std::string& host) { return move_vm(context, v1(), HostName(host), {}); }

  // "CONTAINER NAME=CARD ...": where v1 is, and its cards.
  std::string place() {
    const auto vm = v1();
    auto text = vm.container.str();
    for (const auto& held : vm.gpus) text += " " + held.name.str() + "=" + held.gpu.str();
    return text;
  }

  std::string refusal_to(const std::string& host) {
    try {
      move_to(host);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused) << error.what();
      return error.what();
    }
    return "moved";
  }
};

TEST_F(VmMove, TheOnlyCardHasNoNumber) {
  give_cards(inventory(), HostName("v1"), {GpuName("gpupci2")});
  EXPECT_EQ(place(), "n1 gpupci=gpupci2");
}

TEST_F(VmMove, SeveralCardsAreNumberedAsTheyWereChosen) {
  give_cards(inventory(), HostName("v1"), {GpuName("gpupci2"), GpuName("gpupci1")});
  EXPECT_EQ(place(), "n1 gpupci1=gpupci2 gpupci2=gpupci1");
}

TEST_F(VmMove, CardsAreChosenWhereTheyAreWished) {
  const auto chosen = choose_cards(inventory(), "n2", {2, "2330", false});
  EXPECT_EQ(chosen.container.str(), "n2");
  EXPECT_THAT(chosen.cards, ElementsAre(GpuName("gpupci2"), GpuName("gpupci3")));
  try {
    choose_cards(inventory(), "n1", {2, "2330", false});
    FAIL() << "n1 has one";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::refused);
    EXPECT_STREQ(error.what(), "no host has 2 '2330' cards free: n1 has 1");
  }
}

// Else a card of no known model could take the last one of a model that is.
TEST_F(VmMove, ACardThatWasOnlyTypedTakesWhatIsLeft) {
  inventory().add_gpu({HostName("n1"), GpuName("gpupci3"), PciAddress::parse("0000:03:00.0")});
  give("v1", "gpupci1", "gpupci3");
  give("v1", "gpupci2", "gpupci2");
  move_to("n2");
  EXPECT_EQ(place(), "n2 gpupci1=gpupci2 gpupci2=gpupci1");
}

TEST_F(VmMove, WithoutCardsAVmGoesAnywhere) {
  EXPECT_THAT(move_to("n3").failures, IsEmpty());
  EXPECT_EQ(place(), "n3");
}

TEST_F(VmMove, WhereNoSuchCardIsLibvirtForgetsNothing) {
  give("v1", "gpupci1", "gpupci1");
  add_domain("n1", "v1");
  EXPECT_EQ(refusal_to("n3"), "no host has 1 '10de:2330' card free: n3 has 0");
  EXPECT_THAT(domains.hosts["n1"].done, IsEmpty());
  EXPECT_EQ(place(), "n1 gpupci1=gpupci1");
}

TEST_F(VmMove, ACardThatSomebodyTookMeanwhileIsToldWithWhatBecameOfTheVm) {
  give("v1", "gpupci2", "gpupci2");
  add_domain("n1", "v1");
  context.open_domains = [this, open = domains.opener()](const auto& target, const auto& limits) {
    inventory().set_gpu_wish(HostName("n2"), {GpuName("gpupci1")}, GpuWish::host);
    return open(target, limits);
  };
  EXPECT_EQ(refusal_to("n2"),
            "no host has 1 '10de:27b8' card free: n2 has 0 (gpupci1 is to stay with its host) (it "
            "stays on n1, whose libvirt has forgotten it: `cluster sync vm config v1`)");
  EXPECT_EQ(place(), "n1 gpupci2=gpupci2");
}

}  // namespace
}  // namespace cluster::frontend
