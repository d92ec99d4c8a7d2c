#include "node-agent/transaction/transaction.h"

#include <gmock/gmock.h>

#include "core/text.h"
#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Fate = FakeNodeDevices::Fate;

class Transaction : public ::testing::Test {
 protected:
  CardOutcome detach(const FakeNodeDevices::Plot& plot = {}, virt::Mode mode = virt::Mode::act) {
    const auto cards = find_cards(sysfs_, settings_);
    return act(plot, mode, [&](Tools& tools) {
      return detach_unit({cards.front()}, {cards.front()}, tools).front();
    });
  }

  CardOutcome attach(const FakeNodeDevices::Plot& plot = {}, virt::Mode mode = virt::Mode::act) {
    const auto cards = find_cards(sysfs_, settings_);
    return act(plot, mode,
               [&](Tools& tools) { return attach_unit({cards.front()}, tools).front(); });
  }

  // "detached, failed": the outcomes in the order of the functions.
  static std::string outcomes(const CardOutcome& report) {
    std::vector<std::string> words;
    for (const auto& one : report.functions) words.emplace_back(word(one.outcome));
    return joined(words, ", ");
  }

  SavedDrivers::Driver saved(const PciAddress& pci) const { return SavedDrivers(file_).find(pci); }

  void save(const std::map<PciAddress, SavedDrivers::Driver>& drivers) const {
    const auto cards = find_cards(sysfs_, settings_);
    SavedDrivers(file_).save({{cards.front(), drivers}});
  }

  static Environment environment(const FakeSysfs& fake) {
    Environment environment;
    environment.proc = fake.root() / "proc";
    environment.keep_state_in(fake.root());
    return environment;
  }

  FakeSysfs fake_;
  Sysfs sysfs_ = fake_.sysfs();
  Settings settings_;
  std::filesystem::path file_ = fake_.root() / "drivers.json";
  std::vector<std::string> steps_;

 private:
  template <typename Do>
  CardOutcome act(const FakeNodeDevices::Plot& plot, virt::Mode mode, Do&& run) {
    const auto on_step = [this](const std::string& step) { steps_.push_back(step); };
    FakeNodeDevices devices(fake_, plot, mode, on_step);
    SavedDrivers saved_drivers(file_);
    const auto input = guard_input(environment(fake_), sysfs_, settings_);
    Tools tools{input, saved_drivers, devices, on_step, mode};
    return run(tools);
  }
};

TEST_F(Transaction, DetachesAndAttachesEveryFunction) {
  for (const auto functions : {1U, 2U, 4U, 8U}) {
    FakeSysfs fake;
    fake.add_card("0000:02:00", static_cast<int>(functions), 13);
    const auto before = fake.drivers();
    const auto sysfs = fake.sysfs();
    const auto ignore = [](const std::string&) {};
    FakeNodeDevices devices(fake, {}, virt::Mode::act, ignore);
    SavedDrivers saved_drivers(fake.root() / "drivers.json");
    const auto input = guard_input(environment(fake), sysfs, settings_);
    Tools tools{input, saved_drivers, devices, ignore};

    auto cards = find_cards(sysfs, settings_);
    EXPECT_THAT(message(detach_unit(cards, cards, tools).front()), IsEmpty());
    EXPECT_EQ(fake.drivers().find("nvidia"), std::string::npos);
    EXPECT_EQ(fake.drivers().size(), functions * 9 - 1) << fake.drivers();  // "vfio-pci " each

    cards = find_cards(sysfs, settings_);
    EXPECT_THAT(message(attach_unit(cards, tools).front()), IsEmpty());
    EXPECT_EQ(fake.drivers(), before);
    EXPECT_EQ(saved_drivers.find(kVideo), std::nullopt);
  }
}

TEST_F(Transaction, SavesTheDriversBeforeItActs) {
  fake_.add_card("10000:02:00", 2, 13);
  const auto report = detach();
  EXPECT_EQ(outcomes(report), "detached, detached");
  EXPECT_EQ(report.functions[1].function.driver, "vfio-pci");
  EXPECT_EQ(saved({0x10000, 2, 0, 0}), "nvidia");
  EXPECT_EQ(steps_.front(), "# save that 10000:02:00.0 on nvidia, 10000:02:00.1 on snd_hda_intel");
  EXPECT_EQ(steps_[1], "detach 10000:02:00.0");
}

TEST_F(Transaction, PutsBackWhatWasDoneAtEachPoint) {
  fake_.add_card("0000:02:00", 4, 13);
  const auto before = fake_.drivers();
  for (const auto fate : {Fate::refuse, Fate::lie, Fate::half}) {
    for (std::size_t at = 0; at < 4; ++at) {
      const auto pci = "0000:02:00." + std::to_string(at);
      const auto report = detach({{"detach " + pci, fate}});
      EXPECT_THAT(message(report), HasSubstr(pci));
      EXPECT_THAT(message(report), HasSubstr("; put back: "));
      for (std::size_t i = 0; i < 4; ++i) {
        const auto outcome = report.functions[i].outcome;
        EXPECT_EQ(outcome, i < at    ? Outcome::rolled_back
                           : i == at ? Outcome::failed
                                     : Outcome::untouched);
      }
      EXPECT_EQ(fake_.drivers(), before);
      EXPECT_EQ(sysfs_.driver_override(kVideo), "");
      EXPECT_EQ(saved(kVideo), std::nullopt);
    }
  }
}

TEST_F(Transaction, PutsBackInReverse) {
  fake_.add_card("0000:02:00", 3, 13);
  const auto report = detach({{"detach 0000:02:00.2", Fate::refuse}});
  EXPECT_EQ(message(report),
            "the fake does not detach 0000:02:00.2; put back: 0000:02:00.2 on xhci_hcd, "
            "0000:02:00.1 on snd_hda_intel, 0000:02:00.0 on nvidia");
  const auto audio = std::ranges::find(steps_, "attach 0000:02:00.1");
  EXPECT_NE(std::find(audio, steps_.end(), "attach 0000:02:00.0"), steps_.end());
}

TEST_F(Transaction, SaysWhatCouldNotBePutBack) {
  fake_.add_card("0000:02:00", 2, 13);
  const auto report =
      detach({{"detach 0000:02:00.1", Fate::refuse}, {"attach 0000:02:00.0", Fate::refuse}});
  EXPECT_EQ(message(report),
            "the fake does not detach 0000:02:00.1; put back: 0000:02:00.1 on snd_hda_intel; NOT "
            "put back: 0000:02:00.0 (the fake does not attach 0000:02:00.0); gpupci -a gpupci1 "
            "tries it anew");
  EXPECT_EQ(outcomes(report), "failed, failed");
  EXPECT_EQ(report.functions[0].function.driver, "vfio-pci");
  EXPECT_EQ(saved(kVideo), "nvidia");  // for the next attach
  EXPECT_EQ(fake_.drivers(), "vfio-pci snd_hda_intel");
}

TEST_F(Transaction, DoesNotBelieveAClaim) {
  fake_.add_card("0000:02:00", 1, 13);
  EXPECT_THAT(message(detach({{"detach 0000:02:00.0", Fate::lie}})),
              HasSubstr("0000:02:00.0 is still on nvidia, want vfio-pci"));
  ASSERT_THAT(message(detach()), IsEmpty());
  EXPECT_THAT(message(attach({{"attach 0000:02:00.0", Fate::lie}})),
              HasSubstr("0000:02:00.0: it is still on vfio-pci"));
}

TEST_F(Transaction, LeavesDetachedFunctionsAsTheyAre) {
  fake_.add_card("0000:02:00", 2, 13);
  fake_.set_driver(kAudio, "vfio-pci");
  EXPECT_EQ(outcomes(detach({{"detach 0000:02:00.1", Fate::refuse}})),
            "detached, already detached");
  EXPECT_EQ(saved(kAudio), std::nullopt);
  steps_.clear();
  EXPECT_EQ(outcomes(detach()), "already detached, already detached");
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(Transaction, DetachesAFunctionWithoutADriver) {
  fake_.add({"0000:02:00.0", "0302", "10de:1021", std::nullopt, 13});
  EXPECT_EQ(outcomes(detach()), "detached");
  EXPECT_EQ(outcomes(attach()), "no driver");
  EXPECT_EQ(fake_.drivers(), "-");
  EXPECT_EQ(outcomes(attach()), "no driver");
}

TEST_F(Transaction, ChangesNothingWhenRefused) {
  fake_.add_card("0000:02:00", 2, 13).add({"0000:05:00.0", "0200", "8086:100e", "e1000", 13});
  const auto report = detach();
  EXPECT_THAT(message(report), HasSubstr("0000:05:00.0 (class 0200, driver e1000)"));
  EXPECT_EQ(ids(report.refused), (std::vector<std::string_view>{"group", "network"}));
  EXPECT_EQ(outcomes(report), "untouched, untouched");
  EXPECT_THAT(steps_, IsEmpty());
  EXPECT_EQ(saved(kVideo), std::nullopt);
}

TEST_F(Transaction, WantsTheSavedDriverBack) {
  fake_.add_card("0000:02:00", 2, 13);
  save({{kVideo, "nouveau"}});
  fake_.set_driver(kVideo, "vfio-pci");
  const auto report = attach();
  EXPECT_EQ(message(report),
            "video device 0000:02:00.0: it is on nvidia, before it was on nouveau (is that module "
            "loaded?)");
  EXPECT_EQ(outcomes(report), "failed, already attached");
}

TEST_F(Transaction, HoldsBackTheRestWhenTheVideoFunctionStays) {
  fake_.add_card("0000:02:00", 3, 13);
  ASSERT_THAT(message(detach()), IsEmpty());
  EXPECT_EQ(outcomes(attach({{"attach 0000:02:00.0", Fate::refuse}})),
            "failed, not attached, not attached");
  EXPECT_EQ(outcomes(attach({{"attach 0000:02:00.1", Fate::half}})), "attached, failed, attached");
  // The next call completes the attach that was cut short.
  EXPECT_EQ(outcomes(attach()), "already attached, attached, already attached");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel xhci_hcd");
}

TEST_F(Transaction, TidiesUpAfterADetachThatDied) {
  fake_.add_card("0000:02:00", 2, 13);
  save({{kVideo, "nvidia"}, {kAudio, "snd_hda_intel"}});
  fake_.set_driver_override(kVideo, "vfio-pci");  // after its first step
  fake_.set_driver_override(kAudio, "vfio-pci");
  fake_.set_driver(kAudio, std::nullopt);  // after its second
  EXPECT_EQ(outcomes(attach()), "already attached, attached");
  EXPECT_EQ(sysfs_.driver_override(kVideo), "");
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(Transaction, RemembersTheDriverFromBeforeADetachThatDied) {
  fake_.add_card("0000:02:00", 1, 13);
  save({{kVideo, "nvidia"}});
  fake_.set_driver(kVideo, std::nullopt);
  EXPECT_EQ(outcomes(detach()), "detached");
  EXPECT_EQ(saved(kVideo), "nvidia");
}

TEST_F(Transaction, LeavesAloneWhatTheHostHas) {
  fake_.add_card("0000:02:00", 2, 13);
  EXPECT_EQ(outcomes(attach()), "already attached, already attached");
  EXPECT_THAT(steps_, IsEmpty());
}

TEST_F(Transaction, RehearsesWithoutAChange) {
  fake_.add_card("0000:02:00", 2, 13);
  EXPECT_EQ(outcomes(detach({}, virt::Mode::dry_run)), "would detach, would detach");
  EXPECT_EQ(steps_.size(), 5U);
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
  EXPECT_EQ(saved(kVideo), std::nullopt);
  ASSERT_THAT(message(detach()), IsEmpty());
  EXPECT_EQ(outcomes(attach({}, virt::Mode::dry_run)), "would attach, would attach");
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci");
  EXPECT_EQ(saved(kVideo), "nvidia");
}

}  // namespace
}  // namespace cluster::agent
