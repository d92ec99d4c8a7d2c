#include <gmock/gmock.h>

#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/transaction/transaction.h"
#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"
#include "tests/support/outcome_words.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Fate = FakeNodeDevices::Fate;

// Two cards of one IOMMU group, both on vfio-pci and both recorded.
class AttachUnit : public ::testing::Test {
 protected:
  AttachUnit() {
    fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 13);
    environment_.proc = proc_.root();
    environment_.keep_state_in(fake_.root());
    proc_.file("sys/kernel/random/boot_id", "6c0f\n");
    for (const auto& pci : {kVideo, kAudio, kOther}) fake_.set_driver(pci, "vfio-pci");
  }

  std::vector<Card> cards() const { return find_cards(sysfs_, settings_); }

  std::vector<CardOutcome> attach(virt::Mode mode = virt::Mode::act) {
    const auto on_step = [this](const std::string& step) {
      steps_.push_back(step);
      since_.push_back(step);
    };
    FakeNodeDevices devices(fake_, plot_, mode, on_step);
    SavedDrivers saved(environment_.saved_drivers, "m1");
    const auto input = guard_input(environment_, sysfs_, settings_, vm_devices_);
    Tools tools{input, saved, devices, on_step, mode};
    tools.libvirt_is_silent = [this] { return libvirt_is_silent_; };
    tools.may_go_on = [this] { may_go_on_(); };
    tools.take_steps = [this] { return std::exchange(since_, {}); };
    return attach_unit(cards(), tools);
  }

  void record(const std::string& rest) {
    replace_file(environment_.saved_drivers,
                 R"({"version": 1, "drivers": {"0000:02:00.0": "nvidia", "0000:02:00.1": )"
                 R"("snd_hda_intel", "0000:03:00.0": "nvidia"}, "machine": "m1")" +
                     rest + "}\n");
  }

  static constexpr PciAddress kOther{0, 3, 0, 0};
  FakeSysfs fake_;
  FakeProc proc_;
  Sysfs sysfs_ = fake_.sysfs();
  Settings settings_;
  Environment environment_;
  FakeNodeDevices::Plot plot_;
  std::function<std::vector<virt::VmDevice>()> vm_devices_;
  std::function<void()> may_go_on_ = [] {};
  bool libvirt_is_silent_ = false;
  std::vector<std::string> steps_;
  std::vector<std::string> since_;
};

TEST_F(AttachUnit, GivesEachCardItsSteps) {
  record("");
  const auto outcomes = attach();
  EXPECT_EQ(outcome_words(outcomes), "attached attached / attached");
  EXPECT_EQ(outcomes[0].steps.front(), "attach 0000:02:00.0");
  EXPECT_EQ(outcomes[0].steps.size(), 4U);
  EXPECT_EQ(outcomes[1].steps.front(), "attach 0000:03:00.0");
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

// A VM that has one card of a group has the group.
TEST_F(AttachUnit, LeavesAllCardsToTheVmThatHasOne) {
  vm_devices_ = [] { return std::vector<virt::VmDevice>{{"rocks-33", "0000:03:00.0"}}; };
  const auto outcomes = attach();
  EXPECT_EQ(outcome_words(outcomes), "untouched untouched / untouched");
  EXPECT_EQ(message(outcomes[0]),
            "group: gpupci2 shares an IOMMU group with it and cannot be given back now; first do "
            "what gpupci2 wants");
  EXPECT_THAT(message(outcomes[1]), HasSubstr("vm: VM 'rocks-33' runs with it"));
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(AttachUnit, NamesBothCardsThatAVmHas) {
  vm_devices_ = [] {
    return std::vector<virt::VmDevice>{{"a", "0000:02:00.0"}, {"a", "0000:03:00.0"}};
  };
  for (const auto& outcome : attach()) EXPECT_THAT(message(outcome), HasSubstr("vm: VM 'a' runs"));
}

// No VM can have what the host has, so nobody is asked about it.
TEST_F(AttachUnit, AsksForCardsOnAStubOnly) {
  for (const auto& pci : {kVideo, kAudio}) fake_.probe(pci);
  for (const auto& pci : {kVideo, kAudio}) fake_.set_driver(pci, pci == kVideo ? "nvidia" : "snd");
  vm_devices_ = [] { return std::vector<virt::VmDevice>{{"rocks-33", "0000:03:00.0"}}; };
  const auto outcomes = attach();
  EXPECT_EQ(outcome_words(outcomes), "already attached already attached / untouched");
  EXPECT_TRUE(outcomes[0].ok()) << message(outcomes[0]);
}

TEST_F(AttachUnit, GivesNothingBackWhereNobodyCanTellOfVms) {
  vm_devices_ = []() -> std::vector<virt::VmDevice> {
    throw Error(Fault::unreachable, "libvirt does not answer");
  };
  const auto outcomes = attach();
  EXPECT_EQ(outcome_words(outcomes), "untouched untouched / untouched");
  for (const auto& outcome : outcomes) EXPECT_EQ(message(outcome), "libvirt does not answer");
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(AttachUnit, BeginsNothingAfterASignal) {
  may_go_on_ = [] { throw Error(Fault::refused, "stopped by SIGTERM"); };
  for (const auto& outcome : attach()) EXPECT_EQ(message(outcome), "stopped by SIGTERM");
  EXPECT_THAT(steps_, IsEmpty());
}

// The rest of a card is of no use to the host without the function that leads it.
TEST_F(AttachUnit, HoldsBackTheRestOfTheCardThatFailedAlone) {
  plot_ = {{"attach 0000:02:00.0", Fate::refuse}};
  const auto outcomes = attach();
  EXPECT_EQ(outcome_words(outcomes), "failed not attached / attached");
  EXPECT_EQ(message(outcomes[0]),
            "video device 0000:02:00.0: the fake does not attach 0000:02:00.0");
  EXPECT_TRUE(outcomes[1].ok());
}

// An accelerator is no video function, and leads its card all the same.
TEST_F(AttachUnit, HoldsBackTheRestBehindAnAcceleratorThatFailed) {
  fake_.add({"0000:05:00.0", "1200", "10de:1021", "nvidia", 20})
      .add({"0000:05:00.1", "0c03", "10de:1ad6", "xhci_hcd", 20});
  for (const int function : {0, 1}) {
    fake_.set_driver({0, 5, 0, static_cast<std::uint8_t>(function)}, "vfio-pci");
  }
  plot_ = {{"attach 0000:05:00.0", Fate::refuse}};
  EXPECT_EQ(outcome_words(attach()), "attached attached / attached / failed not attached");
}

TEST_F(AttachUnit, GoesOnBehindASoundFunctionThatFailed) {
  fake_.add({"0000:02:00.2", "0c03", "10de:1ad6", "xhci_hcd", 13});
  fake_.set_driver({0, 2, 0, 2}, "vfio-pci");
  plot_ = {{"attach 0000:02:00.1", Fate::refuse}};
  EXPECT_EQ(outcome_words(attach()), "attached failed attached / attached");
}

TEST_F(AttachUnit, KeepsTheRecordOfWhatFailed) {
  record("");
  plot_ = {{"attach 0000:02:00.1", Fate::refuse}};
  attach();
  const SavedDrivers saved(environment_.saved_drivers, "m1");
  EXPECT_THAT(saved.functions(), ElementsAre(kAudio));
  EXPECT_TRUE(saved.giving_back(kAudio)) << "gpupci --restore gives it back";
}

TEST_F(AttachUnit, WritesNothingInARehearsal) {
  record("");
  const auto before = read_file(environment_.saved_drivers);
  EXPECT_EQ(outcome_words(attach(virt::Mode::dry_run)), "would attach would attach / would attach");
  EXPECT_EQ(read_file(environment_.saved_drivers), before);
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci vfio-pci");
}

// It was told to detach the card and has not said that it did.
TEST_F(AttachUnit, DoesNotCallAttachedWhatLibvirtMayStillDetach) {
  record(R"(, "giving_back": ["0000:02:00.0"], "given_up": "6c0f")");
  fake_.set_driver(kVideo, "nvidia");
  libvirt_is_silent_ = true;
  const auto outcomes = attach();
  EXPECT_EQ(outcome_words(outcomes), "failed not attached / attached");
  EXPECT_EQ(message(outcomes[0]),
            "video device 0000:02:00.0: libvirt does not answer and may still detach it; gpupci "
            "--restore, when it answers again");
  libvirt_is_silent_ = false;
  EXPECT_EQ(outcome_words(attach()), "already attached attached / already attached");
}

TEST_F(AttachUnit, AsksLibvirtOnlyInTheBootInWhichAStepWasGivenUp) {
  record(R"(, "giving_back": ["0000:02:00.0"], "given_up": "another boot")");
  fake_.set_driver(kVideo, "nvidia");
  libvirt_is_silent_ = true;
  EXPECT_EQ(outcome_words(attach()), "already attached attached / attached");
}

// The host may have chosen another driver since.
TEST_F(AttachUnit, LeavesTheHostItsChoice) {
  record("");
  fake_.set_driver(kVideo, "nouveau");
  EXPECT_EQ(outcome_words(attach()), "already attached attached / attached");
  EXPECT_EQ(fake_.drivers().substr(0, 7), "nouveau");
}

TEST_F(AttachUnit, SaysOnceThatTheGroupIsWhole) {
  for (const auto& outcome : attach()) {
    for (const auto& note : outcome.notes) EXPECT_THAT(note, HasSubstr("its IOMMU group is split"));
  }
  for (const auto& outcome : attach()) EXPECT_THAT(outcome.notes, IsEmpty());
}

}  // namespace
}  // namespace cluster::agent
