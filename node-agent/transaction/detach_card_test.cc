#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/transaction/transaction.h"
#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Fate = FakeNodeDevices::Fate;

// One card of two functions.
class DetachCard : public ::testing::Test {
 protected:
  DetachCard() {
    fake_.add_card("0000:02:00", 2, 13);
    environment_.proc = proc_.root();
    environment_.modules = fake_.root() / "modules";
    environment_.keep_state_in(fake_.root());
    proc_.file("sys/kernel/random/boot_id", "6c0f\n").file("sys/kernel/osrelease", "6.1.0\n");
  }

  std::vector<CardOutcome> detach_all(virt::Mode mode = virt::Mode::act) {
    const auto on_step = [this](const std::string& step) {
      steps_.push_back(step);
      since_.push_back(step);
    };
    FakeNodeDevices devices(fake_, plot_, mode, on_step);
    SavedDrivers saved(environment_.saved_drivers);
    const auto input = guard_input(environment_, sysfs_, settings_);
    Tools tools{input, saved, devices, on_step, mode, forced_};
    tools.stuck = [this] { return stuck_; };
    tools.take_steps = [this] { return std::exchange(since_, {}); };
    const auto cards = find_cards(sysfs_, settings_);
    return detach_unit(cards, cards, tools);
  }
  CardOutcome detach(virt::Mode mode = virt::Mode::act) { return detach_all(mode).front(); }

  static std::string words(const CardOutcome& outcome) {
    std::vector<std::string> words;
    for (const auto& one : outcome.functions) words.emplace_back(word(one.outcome));
    return joined(words, ", ");
  }

  std::string step_with(std::string_view word) const {
    const auto found = std::ranges::find_if(
        steps_, [&](const std::string& step) { return step.find(word) != std::string::npos; });
    return found == steps_.end() ? "no such step" : *found;
  }

  FakeSysfs fake_;
  FakeProc proc_;
  Sysfs sysfs_ = fake_.sysfs();
  Settings settings_;
  Environment environment_;
  FakeNodeDevices::Plot plot_;
  Forced forced_;
  bool stuck_ = false;
  std::vector<std::string> steps_;
  std::vector<std::string> since_;
};

TEST_F(DetachCard, SaysWhatItSavesOfEachFunction) {
  fake_.set_driver(kAudio, std::nullopt);
  fake_.set_driver_override(kAudio, "none");
  detach();
  EXPECT_EQ(steps_.front(),
            "# save that 0000:02:00.0 on nvidia, 0000:02:00.1 without a driver (driver_override "
            "'none')");
  const SavedDrivers saved(environment_.saved_drivers);
  EXPECT_THAT(saved.functions(), ElementsAre(kVideo, kAudio));
  EXPECT_EQ(saved.driver_override(kAudio), "none");
  EXPECT_EQ(saved.driver_override(kVideo), std::nullopt);
}

// The kernel answers nobody who asks for it while a driver comes or goes.
TEST_F(DetachCard, TakesNoCardThatTheKernelHasLocked) {
  fake_.lock(kAudio);
  const auto outcome = detach();
  fake_.unlock(kAudio);
  EXPECT_EQ(words(outcome), "untouched, untouched");
  EXPECT_THAT(message(outcome), StartsWith("the kernel does not let go of 0000:02:00.1 (no answer "
                                           "from "));
  EXPECT_THAT(steps_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

// The record has the truth: the function lost its driver by the detach that died.
TEST_F(DetachCard, KeepsTheRecordOfADetachThatDied) {
  replace_file(environment_.saved_drivers,
               R"({"version": 1, "drivers": {"0000:02:00.0": "nvidia"}, )"
               R"("cards": {"gpupci1": "0000:02:00.0"}, "overrides": {"0000:02:00.0": "nvidia"}})"
               "\n");
  fake_.set_driver(kVideo, std::nullopt);
  fake_.set_driver_override(kVideo, "vfio-pci");
  detach();
  EXPECT_THAT(steps_.front(), HasSubstr("0000:02:00.0 on nvidia (driver_override 'nvidia'), "));
  EXPECT_EQ(SavedDrivers(environment_.saved_drivers).driver_override(kVideo), "nvidia");
}

TEST_F(DetachCard, TakesNothingFromTheRecordOfAnotherCard) {
  replace_file(environment_.saved_drivers,
               R"({"version": 1, "drivers": {"0000:02:00.0": "amdgpu"}, )"
               R"("cards": {"gpupci7": "0000:02:00.0"}, "overrides": {"0000:02:00.0": "amdgpu"}})"
               "\n");
  fake_.set_driver(kVideo, std::nullopt);
  fake_.set_driver_override(kVideo, "vfio-pci");
  detach();
  EXPECT_THAT(steps_.front(), StartsWith("# save that 0000:02:00.0 without a driver, "));
}

TEST_F(DetachCard, SaysWhichDriverItWillLookFor) {
  detach(virt::Mode::dry_run);
  EXPECT_TRUE(step_with("readlink").ends_with("0000:02:00.0/driver  # vfio-pci"));
  steps_.clear();
  replace_file(environment_.modules / "6.1.0/modules.alias",
               "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
               "alias vfio_pci:v000010DEd00001E07sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n");
  detach(virt::Mode::dry_run);
  EXPECT_TRUE(step_with("readlink").ends_with("  # nvgrace_gpu_vfio_pci or vfio-pci"));
  steps_.clear();
  settings_.stub_driver_is_named = true;
  detach(virt::Mode::dry_run);
  EXPECT_TRUE(step_with("readlink").ends_with("  # vfio-pci")) << "the settings say which";
}

// Somebody else has freed it of its driver in the middle: that is not what was asked for.
TEST_F(DetachCard, IsNotContentWithNoDriver) {
  plot_ = {{"detach 0000:02:00.0", Fate::lie}};
  fake_.set_driver(kVideo, std::nullopt);
  EXPECT_THAT(message(detach()), StartsWith("0000:02:00.0 has no driver, want vfio-pci"));
}

TEST_F(DetachCard, AsksNothingOfACardThatTheStubHas) {
  for (const auto& pci : {kVideo, kAudio}) fake_.set_driver(pci, "vfio-pci");
  replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0/sriov_numvfs", "2\n");
  EXPECT_EQ(words(detach()), "already detached, already detached");
  EXPECT_THAT(steps_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

// It is of no use to a VM, and the operator may take it all the same.
TEST_F(DetachCard, RefusesADetachedCardThatHasFallenOffUnlessForced) {
  for (const auto& pci : {kVideo, kAudio}) fake_.set_driver(pci, "vfio-pci");
  replace_file(fake_.root() / "bus/pci/devices/0000:02:00.1/config", std::string(64, '\xff'));
  const auto outcome = detach();
  EXPECT_EQ(ids(outcome.refused), std::vector<std::string_view>{"bus"});
  forced_ = {"bus"};
  EXPECT_TRUE(detach().ok());
}

TEST_F(DetachCard, TakesOnlyTheRestOfACardThatIsHalfDetached) {
  fake_.set_driver(kVideo, "vfio-pci");
  EXPECT_EQ(words(detach()), "already detached, detached");
  EXPECT_EQ(step_with("detach 0000:02:00.0"), "no such step");
  EXPECT_THAT(SavedDrivers(environment_.saved_drivers).functions(), ElementsAre(kAudio));
}

// ---- the way back

TEST_F(DetachCard, SaysNothingOfAFunctionThatNeverLeftItsDriver) {
  plot_ = {{"detach 0000:02:00.0", Fate::refuse}, {"attach 0000:02:00.0", Fate::refuse}};
  const auto outcome = detach();
  EXPECT_EQ(message(outcome), "the fake does not detach 0000:02:00.0");
  EXPECT_EQ(words(outcome), "failed, untouched");
  EXPECT_THAT(SavedDrivers(environment_.saved_drivers).functions(), ElementsAre(kVideo))
      << "the record stays for a later attach";
}

TEST_F(DetachCard, AdvisesToTryAgainUnlessAStepIsStuck) {
  plot_ = {{"detach 0000:02:00.1", Fate::refuse}, {"attach 0000:02:00.0", Fate::refuse}};
  EXPECT_TRUE(message(detach()).ends_with("; gpupci -a gpupci1 tries it anew"));
  fake_.set_driver(kVideo, "nvidia");
  std::filesystem::remove(environment_.saved_drivers);
  stuck_ = true;
  EXPECT_EQ(message(detach()).find("tries it anew"), std::string::npos);
}

// libvirt may still take a step that was given up; --restore looks at it in this boot.
TEST_F(DetachCard, NotesThatAStepOfLibvirtWasGivenUp) {
  plot_ = {{"detach 0000:02:00.1", Fate::refuse}, {"attach 0000:02:00.0", Fate::refuse}};
  stuck_ = true;
  detach();
  EXPECT_TRUE(SavedDrivers(environment_.saved_drivers).given_up("6c0f"));
  EXPECT_FALSE(SavedDrivers(environment_.saved_drivers).given_up("another"));
}

TEST_F(DetachCard, PutsNothingBackInARehearsal) {
  plot_ = {{"detach 0000:02:00.1", Fate::refuse}};
  EXPECT_EQ(words(detach(virt::Mode::dry_run)), "would detach, would detach");
  EXPECT_EQ(step_with("attach"), "no such step");
}

// ---- several cards of one group

TEST_F(DetachCard, TellsTheOtherCardsOfItsGroupThatItFailed) {
  fake_.add_card("0000:03:00", 1, 13);
  plot_ = {{"detach 0000:02:00.1", Fate::refuse}};
  const auto outcomes = detach_all();
  EXPECT_THAT(message(outcomes[1]),
              StartsWith("gpupci1 shares IOMMU group 13 with it and could not be taken"));
  EXPECT_EQ(words(outcomes[1]), "untouched");
}

TEST_F(DetachCard, TellsADetachedCardOfItsGroupThatItIsOfNoUse) {
  fake_.add_card("0000:03:00", 1, 13);
  fake_.set_driver({0, 3, 0, 0}, "vfio-pci");
  replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0/sriov_numvfs", "2\n");
  const auto outcomes = detach_all();
  EXPECT_FALSE(outcomes[0].ok());
  EXPECT_TRUE(outcomes[1].ok()) << message(outcomes[1]);
  EXPECT_THAT(outcomes[1].notes,
              ElementsAre("gpupci1 shares IOMMU group 13 with it and stays with the host: no VM "
                          "can have either of them"));
}

TEST_F(DetachCard, GivesEachCardItsOwnSteps) {
  fake_.add_card("0000:03:00", 1, 13);
  const auto outcomes = detach_all();
  const auto concerns = [](const CardOutcome& outcome, std::string_view pci) {
    return std::ranges::all_of(outcome.steps, [&](const std::string& step) {
      return step.starts_with("# save") || step.find(pci) != std::string::npos;
    });
  };
  EXPECT_TRUE(concerns(outcomes[0], "0000:02:00."));
  EXPECT_TRUE(concerns(outcomes[1], "0000:03:00.0"));
  EXPECT_EQ(outcomes[1].steps.size(), 2U);
}

}  // namespace
}  // namespace cluster::agent
