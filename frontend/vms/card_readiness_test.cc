// Whether the cards of a VM can go to it now, and what its start learns of them.

#include "frontend/vms/card_readiness.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const HostName kReadyHost("n1");

// A card of two functions.
GpuCard ready_card(const std::string& name, const std::string& pci) {
  auto card = told_card(name, pci);
  auto audio = card.pci;
  audio.function = 1;
  card.functions.push_back({audio, "0403", "10de", "10f8", {}, {}, {}});
  return card;
}

// v1 holds gpupci1, at 0000:01:00.0, and n1 holds it for VMs.
class CardReadiness : public ::testing::Test {
 protected:
  CardReadiness() {
    const auto card = ready_card("gpupci1", "0000:01:00.0");
    task_.vm.gpus.push_back({GpuName("gpupci"), card.name, card.pci});
    have_ = {card};
    seen_.cards = {card};
    for (const auto& one : card.functions) seen_.drivers[one.pci] = "vfio-pci";
  }

  std::string refusal() const {
    try {
      check_cards(task_, have_, seen_, in_use_);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused) << error.what();
      return error.what();
    }
    return "ready";
  }

  std::string& driver(std::size_t function) {
    return seen_.drivers.at(seen_.cards[0].functions[function].pci);
  }

  VmTask task_{{HostName("v1"), kReadyHost, "u1", 1024, 1, {}, {}},
               {},
               "",
               virt::Validation::none,
               false,
               {}};
  std::vector<GpuCard> have_;
  SeenCards seen_;
  std::vector<virt::VmDevice> in_use_;
};

TEST_F(CardReadiness, EachDriverThatHoldsCardsForVmsWillDo) {
  for (const auto* name : {"vfio-pci", "pci-stub", "nvgrace_gpu_vfio_pci"}) {
    driver(0) = driver(1) = name;
    EXPECT_EQ(refusal(), "ready") << name;
  }
}

// The sound of a card goes along with it.
TEST_F(CardReadiness, EachFunctionOfACardCounts) {
  driver(1) = "snd_hda_intel";
  EXPECT_EQ(refusal(),
            "the card 'n1 gpupci1' is attached to its host: pci_0000_01_00_1 has the driver "
            "'snd_hda_intel' (want vfio-pci: `cluster detach host gpu n1 gpupci1`)");
}

TEST_F(CardReadiness, ACardWithoutADriverIsToldTheDriverOfItsHost) {
  driver(0) = "";
  for (const std::string stub : {"", "pci-stub"}) {
    seen_.stub_driver = stub;
    EXPECT_EQ(
        refusal(),
        "the card 'n1 gpupci1' is attached to its host: pci_0000_01_00_0 has no driver (want " +
            (stub.empty() ? "vfio-pci" : stub) + ": `cluster detach host gpu n1 gpupci1`)");
  }
}

TEST_F(CardReadiness, ACardThatWasMissingAndIsStillIsNotThere) {
  have_[0].missing = true;
  seen_.cards[0].missing = true;
  EXPECT_EQ(refusal(), "the card 'n1 gpupci1' is not there");
  seen_.cards.clear();
  EXPECT_EQ(refusal(), "the card 'n1 gpupci1' is not there");
}

TEST_F(CardReadiness, ACardThatCameBackIsTaken) {
  have_[0].missing = true;
  EXPECT_EQ(refusal(), "ready");
}

TEST_F(CardReadiness, WhatBecomesOfOtherCardsDoesNotMatter) {
  have_.push_back(ready_card("gpupci2", "0000:02:00.0"));
  seen_.cards.push_back(ready_card("gpupci3", "0000:03:00.0"));
  EXPECT_EQ(refusal(), "ready");
}

// It may be defined under another name there, and run without the command's knowledge.
TEST_F(CardReadiness, ItsOwnDomainIsNotInItsWay) {
  in_use_ = {{"old-name", "0000:01:00.1"}};
  EXPECT_EQ(refusal(), "the card 'n1 gpupci1' is in the running VM 'old-name'");
  task_.vm.libvirt_name = "old-name";
  EXPECT_EQ(refusal(), "ready");
  task_.domain.emplace().name = "v1";
  EXPECT_EQ(refusal(), "the card 'n1 gpupci1' is in the running VM 'old-name'");
}

TEST_F(CardReadiness, ASliceWithATypeIsRunByTheDriverThatItHas) {
  task_.vm.gpus.clear();
  const GpuSlice slice{0, PciAddress::parse("0000:01:00.4"), "1145"};
  task_.vm.slices.push_back(
      {GpuName("gpupci"), "gpupci1.0", 0, GpuName("gpupci1"), slice.pci, "1145", true});
  have_[0].slices = seen_.cards[0].slices = {slice};
  driver(0) = "nvidia";
  seen_.drivers[slice.pci] = "nvidia";
  EXPECT_EQ(refusal(), "ready");
  task_.vm.slices[0].type.reset();
  seen_.cards[0].slices[0].type.reset();
  EXPECT_EQ(refusal(),
            "the slice 'n1 gpupci1.0' is attached to its host: pci_0000_01_00_4 has the driver "
            "'nvidia' (want vfio-pci: `cluster detach host gpu n1 gpupci1.0`, or the type of a "
            "vGPU: gpupci --create-vgpu)");
}

// n1 with cards that were only typed, of which v1 has gpupci1, and n2 with v2, which has none.
class LearntCards : public FrontendTest {
 protected:
  LearntCards() {
    add_host("n1");
    add_host("n2");
    inventory().add_gpu({kReadyHost, GpuName("gpupci1"), PciAddress::parse("0000:01:00.0")});
    inventory().add_gpu({kReadyHost, GpuName("gpupci2"), PciAddress::parse("0000:02:00.0")});
    add_vm("v1", "n1");
    add_vm("v2", "n2");
    give("v1", "gpupci", "gpupci1");
  }

  VmBatch batch() { return look_at(context, inventory().vms(), {}); }

  static std::map<HostName, SeenCards> seen(const std::vector<GpuCard>& cards) {
    SeenCards there;
    there.cards = cards;
    return {{kReadyHost, there}};
  }
};

TEST_F(LearntCards, AStartStoresTheFunctionsOfATypedCard) {
  EXPECT_THAT(learn_cards(inventory(), batch(),
                          seen({ready_card("gpupci1", "0000:01:00.0"),
                                ready_card("gpupci2", "0000:02:00.0")})),
              ElementsAre("n1: learnt that gpupci1 has 2 functions"));
  const auto cards = inventory().gpu_cards(kReadyHost);
  EXPECT_EQ(cards.at(0).functions.size(), 2U);
  EXPECT_TRUE(cards.at(0).told.seen);
  EXPECT_THAT(cards.at(1).functions, IsEmpty()) << "no VM that starts holds it";
}

TEST_F(LearntCards, OneFunctionIsNotSeveral) {
  auto card = ready_card("gpupci1", "0000:01:00.0");
  card.functions.pop_back();
  EXPECT_THAT(learn_cards(inventory(), batch(), seen({card})),
              ElementsAre("n1: learnt that gpupci1 has 1 function"));
}

TEST_F(LearntCards, WhatIsKnownIsNotLearntAgain) {
  const auto told = seen({ready_card("gpupci1", "0000:01:00.0")});
  learn_cards(inventory(), batch(), told);
  EXPECT_THAT(learn_cards(inventory(), batch(), told), IsEmpty());
}

TEST_F(LearntCards, OnlyContainersWhoseVmsHaveCardsAreAsked) {
  transport.by_command["gpupci -l --json"] = R"({"stub_driver": "pci-stub", "cards": []})";
  auto all = batch();
  const auto told = see_cards(context, all, {});
  ASSERT_EQ(transport.asked_targets.size(), 1U);
  EXPECT_EQ(transport.asked_targets[0].name, "n1");
  EXPECT_EQ(told.at(kReadyHost).stub_driver, "pci-stub");
  EXPECT_THAT(failures_of(all), IsEmpty());
}

TEST_F(LearntCards, AContainerWhoseAgentDoesNotAnswerHasFailed) {
  transport.answers["n1"].reply = {ssh::End::exited, 127, "", {}};
  auto all = batch();
  EXPECT_TRUE(see_cards(context, all, {}).empty());
  const auto failures = failures_of(all);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].who, "n1");
  EXPECT_STREQ(failures[0].error.what(),
               "there is no gpupci: cluster sync host agent puts it there");
}

}  // namespace
}  // namespace cluster::frontend
