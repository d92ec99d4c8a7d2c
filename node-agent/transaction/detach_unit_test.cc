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

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Fate = FakeNodeDevices::Fate;

// Two cards in one IOMMU group, and one in a group of its own.
class DetachUnit : public ::testing::Test {
 protected:
  DetachUnit() {
    fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 13).add_card("0000:04:00", 1, 9);
    environment_.proc = proc_.root();
    environment_.keep_state_in(fake_.root());
  }

  std::vector<Card> cards() const { return find_cards(sysfs_, settings_); }
  Unit unit() const { return units(cards()).front(); }

  std::vector<CardOutcome> detach() {
    return with_tools([&](Tools& tools) { return detach_unit(unit(), cards(), tools); });
  }

  std::vector<CardOutcome> attach(const Unit& unit) {
    return with_tools([&](Tools& tools) { return attach_unit(unit, tools); });
  }

  FakeSysfs fake_;
  FakeProc proc_;
  Sysfs sysfs_ = fake_.sysfs();
  Settings settings_;
  Environment environment_;
  FakeNodeDevices::Plot plot_;
  std::vector<std::string> steps_;
  std::function<void(const std::string&)> at_step_ = [](const std::string&) {};
  std::function<void()> may_go_on_ = [] {};

  template <typename Do>
  std::vector<CardOutcome> with_tools(Do run) {
    const auto on_step = [this](const std::string& step) {
      steps_.push_back(step);
      at_step_(step);
    };
    FakeNodeDevices devices(fake_, plot_, virt::Mode::act, on_step);
    SavedDrivers saved(environment_.saved_drivers);
    const auto input = guard_input(environment_, sysfs_, settings_);
    Tools tools{.input = input, .saved = saved, .devices = devices, .on_step = on_step};
    tools.may_go_on = [this] { may_go_on_(); };
    return run(tools);
  }
};

TEST_F(DetachUnit, TakesAllCardsOfAGroup) {
  EXPECT_EQ(outcome_words(detach()), "detached detached / detached");
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci vfio-pci nvidia");
  EXPECT_EQ(outcome_words(attach(unit())), "attached attached / attached");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia");
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

TEST_F(DetachUnit, TakesNoneWhenOneIsRefused) {
  replace_file(fake_.root() / "bus/pci/devices/0000:03:00.0/sriov_numvfs", "2\n");
  const auto outcomes = detach();
  EXPECT_EQ(outcome_words(outcomes), "untouched untouched / untouched");
  EXPECT_EQ(message(outcomes[0]),
            "group: gpupci2 shares IOMMU group 13 with it and cannot be taken now; first do what "
            "gpupci2 wants");
  EXPECT_THAT(message(outcomes[1]), HasSubstr("slices: 0000:03:00.0 has 2 active virtual"));
  EXPECT_THAT(steps_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

TEST_F(DetachUnit, PutsAllBackWhenOneFailsAtAnyPoint) {
  const auto before = fake_.drivers();
  for (const auto fate : {Fate::refuse, Fate::lie, Fate::half}) {
    for (const auto* pci : {"0000:02:00.0", "0000:02:00.1", "0000:03:00.0"}) {
      plot_ = {{std::string("detach ") + pci, fate}};
      const auto outcomes = detach();
      const bool second = std::string_view(pci) == "0000:03:00.0";
      EXPECT_FALSE(outcomes[0].ok() || outcomes[1].ok());
      EXPECT_THAT(message(outcomes[second ? 1 : 0]), HasSubstr(pci));
      EXPECT_THAT(message(outcomes[second ? 0 : 1]), HasSubstr(" and could not be taken"));
      EXPECT_EQ(outcome_words(outcomes) == "rolled back rolled back / failed", second);
      EXPECT_EQ(fake_.drivers(), before);
      EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
    }
  }
}

// While function 0 lets go, somebody opens function 1.
TEST_F(DetachUnit, AsksAgainBeforeEachFunction) {
  const auto node = fake_.root() / "bus/pci/devices/0000:02:00.1/sound/card1/controlC1";
  replace_file(node / "dev", "1:3\n");
  replace_file(node / "uevent", "DEVNAME=snd/controlC1\n");
  at_step_ = [this](const std::string& step) {
    if (step == "detach 0000:02:00.0") proc_.process(812, "aplay").open(812, 9, "/dev/null");
  };
  const auto outcomes = detach();
  EXPECT_EQ(outcome_words(outcomes), "rolled back untouched / untouched") << message(outcomes[0]);
  EXPECT_THAT(message(outcomes[0]), HasSubstr("holder: process 812 ('aplay') has "));
  EXPECT_THAT(message(outcomes[0]), HasSubstr("; put back: 0000:02:00.0 on nvidia"));
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia");
  EXPECT_FALSE(std::filesystem::exists(environment_.saved_drivers));
}

TEST_F(DetachUnit, BeginsNoStepAfterASignal) {
  may_go_on_ = [] { throw Error(Fault::refused, "stopped by SIGTERM"); };
  auto outcomes = detach();
  EXPECT_EQ(outcome_words(outcomes), "untouched untouched / untouched");
  EXPECT_THAT(message(outcomes[0]), HasSubstr("stopped by SIGTERM"));
  EXPECT_THAT(steps_, IsEmpty());
  may_go_on_ = [this] {
    if (!steps_.empty()) throw Error(Fault::refused, "stopped by SIGTERM");
  };
  outcomes = detach();
  EXPECT_EQ(outcome_words(outcomes), "rolled back untouched / untouched");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia");

  may_go_on_ = [] {};
  detach();
  may_go_on_ = [] { throw Error(Fault::refused, "stopped by SIGTERM"); };
  steps_.clear();
  EXPECT_THAT(message(attach(unit())[1]), HasSubstr("stopped by SIGTERM"));
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(DetachUnit, NeverUnbindsABridge) {
  const auto of_call = cards();
  const auto of_group = unit();
  replace_file(fake_.root() / "bus/pci/devices/0000:03:00.0/config",
               std::string(14, '\0') + "\x01");
  const auto outcomes =
      with_tools([&](Tools& tools) { return detach_unit(of_group, of_call, tools); });
  EXPECT_THAT(message(outcomes[1]), HasSubstr("0000:03:00.0 is a bridge"));
  EXPECT_THAT(message(outcomes[0]), HasSubstr("gpupci2 shares IOMMU group 13 with it"));
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(DetachUnit, CallsNoCardDetachedThatDoesNotAnswer) {
  const auto dead = std::string(64, '\xff');
  const auto config = fake_.root() / "bus/pci/devices/0000:02:00.0/config";
  at_step_ = [&](const std::string& step) {
    if (step == "detach 0000:03:00.0") replace_file(config, dead);
  };
  const auto before = fake_.drivers();
  EXPECT_THAT(message(detach()[0]), HasSubstr("0000:02:00.0 has fallen off the bus; put back: "));
  EXPECT_EQ(fake_.drivers(), before);
  at_step_ = [](const std::string&) {};
  replace_file(config, std::string(64, '\0'));
  detach();
  replace_file(config, dead);
  EXPECT_THAT(message(detach()[0]), HasSubstr("bus: 0000:02:00.0 has fallen off the bus"));
}

TEST_F(DetachUnit, GivesTheOverrideOfTheOperatorBack) {
  fake_.set_driver(kAudio, std::nullopt);
  fake_.set_driver_override(kAudio, "none");     // kept without a driver
  fake_.set_driver_override(kVideo, "nvidia");   // its own one only
  fake_.set_driver_override({0, 3, 0, 0}, "x");  // for later: it has its driver now
  ASSERT_EQ(outcome_words(detach()), "detached detached / detached");
  EXPECT_EQ(sysfs_.driver_override(kAudio), "vfio-pci");
  const auto outcomes = attach(unit());
  EXPECT_EQ(outcome_words(outcomes), "attached no driver / attached") << message(outcomes[0]);
  EXPECT_EQ(fake_.drivers(), "nvidia - nvidia nvidia");
  EXPECT_EQ(sysfs_.driver_override(kVideo), "nvidia");
  EXPECT_EQ(sysfs_.driver_override(kAudio), "none");
  EXPECT_EQ(sysfs_.driver_override({0, 3, 0, 0}), "x");

  plot_ = {{"detach 0000:03:00.0", Fate::half}};
  EXPECT_EQ(outcome_words(detach()), "rolled back rolled back / failed");
  EXPECT_EQ(fake_.drivers(), "nvidia - nvidia nvidia");
  EXPECT_EQ(sysfs_.driver_override(kAudio), "none");
  EXPECT_EQ(sysfs_.driver_override({0, 3, 0, 0}), "x");
}

TEST_F(DetachUnit, SaysThatAGroupIsSplit) {
  detach();
  const auto outcomes = attach({cards().front()});
  EXPECT_TRUE(outcomes[0].ok());
  EXPECT_THAT(outcomes[0].notes,
              testing::ElementsAre("its IOMMU group is split: gpupci2 is still detached, and no "
                                   "VM can start with it; gpupci -a gpupci2"));
  EXPECT_THAT(attach({cards()[1]})[0].notes, IsEmpty());
}

TEST_F(DetachUnit, GivesBackWhereNothingCanBeWritten) {
  detach();
  // The new file cannot be made beside the old one, which cannot be removed either.
  const auto& file = environment_.saved_drivers;
  std::filesystem::create_directory(file.native() + ".new");
  at_step_ = [&](const std::string& step) {
    if (step != "attach 0000:02:00.0") return;
    std::filesystem::remove(file);
    std::filesystem::create_directories(file / "x");
  };
  const auto outcomes = attach(unit());
  EXPECT_EQ(outcome_words(outcomes), "attached attached / attached");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia");
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome.ok()) << message(outcome);
    EXPECT_THAT(outcome.notes.front(), HasSubstr("the record still says that it is detached: "));
  }
}

TEST_F(DetachUnit, PutsBackWhereNothingCanBeWritten) {
  const auto& file = environment_.saved_drivers;
  at_step_ = [&](const std::string& step) {
    if (step == "detach 0000:03:00.0") std::filesystem::create_directory(file.native() + ".new");
  };
  plot_ = {{"detach 0000:03:00.0", Fate::half}};
  const auto outcomes = detach();
  EXPECT_EQ(outcome_words(outcomes), "rolled back rolled back / failed");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel nvidia nvidia");
}

}  // namespace
}  // namespace cluster::agent
