#include "node-agent/state/saved_drivers.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

Card card(const std::string& name, const PciAddress& pci) {
  return {.name = GpuName(name), .functions = {{pci, 0x0300, 0x10de, 0x1e07, "nvidia", 13}}};
}

TEST(SavedDrivers, KeepTheOverrideOfTheOperator) {
  const FakeSysfs folder;
  const auto file = folder.root() / "drivers.json";
  const auto one = card("gpupci1", kVideo);
  SavedDrivers(file).save(
      {{one, {{kVideo, "nvidia"}, {kAudio, std::nullopt}}, {{kAudio, "none"}}}});
  EXPECT_EQ(SavedDrivers(file).driver_override(kAudio), "none");
  EXPECT_EQ(SavedDrivers(file).driver_override(kVideo), std::nullopt);
  SavedDrivers(file).follow({{GpuName("gpupci1"), {0, 5, 0, 0}}});
  EXPECT_EQ(SavedDrivers(file).driver_override({0, 5, 0, 1}), "none");
  SavedDrivers(file).forget({{0, 5, 0, 1}});
  EXPECT_EQ(SavedDrivers(file).driver_override({0, 5, 0, 1}), std::nullopt);
}

TEST(SavedDrivers, OutliveTheProcess) {
  const FakeSysfs folder;
  const auto file = folder.root() / "state/drivers.json";
  SavedDrivers(file).save(
      {{card("gpupci1", kVideo), {{kVideo, "nvidia"}, {kAudio, std::nullopt}}}});
  const PciAddress other{0x10000, 1, 0, 0};
  SavedDrivers(file).save({{card("gpupci2", other), {{other, "amdgpu"}}}});

  SavedDrivers later(file);
  EXPECT_EQ(later.find(kVideo), "nvidia");
  EXPECT_EQ(later.find(kAudio), std::nullopt);
  EXPECT_EQ(later.find({0, 3, 0, 0}), std::nullopt);
  later.forget({kVideo});
  EXPECT_EQ(SavedDrivers(file).find(kVideo), std::nullopt);
  EXPECT_EQ(read_file(file),
            "{\n  \"version\": 1,\n  \"drivers\": {\n    \"0000:02:00.1\": null,\n"
            "    \"10000:01:00.0\": \"amdgpu\"\n  },\n  \"cards\": {\n"
            "    \"gpupci1\": \"0000:02:00.0\",\n    \"gpupci2\": \"10000:01:00.0\"\n  }\n}\n");
  later.forget({kAudio});
  later.forget({other});
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(SavedDrivers, KnowWhichWayACardWasGoing) {
  const FakeSysfs folder;
  const auto file = folder.root() / "drivers.json";
  SavedDrivers saved(file);
  saved.begin_giving_back({kVideo});  // nothing was saved of it
  EXPECT_FALSE(std::filesystem::exists(file));
  saved.save({{card("gpupci1", kVideo), {{kVideo, "nvidia"}, {kAudio, std::nullopt}}}});
  saved.begin_giving_back({kVideo, kAudio, {0, 3, 0, 0}});
  EXPECT_TRUE(SavedDrivers(file).giving_back(kVideo));
  EXPECT_FALSE(SavedDrivers(file).giving_back({0, 3, 0, 0}));
  saved.follow({{GpuName("gpupci1"), {0, 5, 0, 0}}});
  EXPECT_TRUE(SavedDrivers(file).giving_back({0, 5, 0, 1}));
  saved.save({{card("gpupci1", {0, 5, 0, 0}), {{{0, 5, 0, 0}, "nvidia"}}}});  // detached anew
  EXPECT_FALSE(SavedDrivers(file).giving_back({0, 5, 0, 0}));
  EXPECT_TRUE(SavedDrivers(file).giving_back({0, 5, 0, 1}));
  saved.forget({{0, 5, 0, 1}});
  EXPECT_FALSE(SavedDrivers(file).giving_back({0, 5, 0, 1}));
}

TEST(SavedDrivers, FollowTheirCardsHoweverOftenTheyAreTold) {
  const FakeSysfs folder;
  const auto file = folder.root() / "drivers.json";
  const PciAddress other{0, 3, 0, 0};
  SavedDrivers(file).save(
      {{card("gpupci1", kVideo), {{kVideo, "nvidia"}, {kAudio, std::nullopt}}}});
  SavedDrivers(file).save({{card("gpupci2", other), {{other, "nouveau"}}}});
  for (int i = 0; i < 2; ++i) {
    SavedDrivers saved(file);
    saved.follow({{GpuName("gpupci1"), other}, {GpuName("gpupci2"), kVideo}});
    EXPECT_EQ(saved.find(kVideo), "nouveau");
    EXPECT_EQ(saved.find(other), "nvidia");
    EXPECT_EQ(saved.functions(), (std::vector<PciAddress>{kVideo, other, {0, 3, 0, 1}}));
  }
}

TEST(SavedDrivers, BelongToTheLastCardOfASlot) {
  const FakeSysfs folder;
  SavedDrivers saved(folder.root() / "drivers.json");
  saved.save({{card("gpupci1", kVideo), {{kVideo, "nvidia"}}}});
  saved.save({{card("gpupci2", kVideo), {{kVideo, "amdgpu"}}}});
  saved.follow({{GpuName("gpupci1"), {0, 5, 0, 0}}, {GpuName("gpupci2"), kVideo}});
  EXPECT_EQ(saved.find(kVideo), "amdgpu");
}

// For any history of detaches and attaches the file holds the same as the process.
TEST(SavedDrivers, AreReadBackAsTheyWereStored) {
  const FakeSysfs folder;
  const auto file = folder.root() / "drivers.json";
  SavedDrivers saved(file);
  unsigned random = 1;
  const auto next = [&](unsigned below) {
    random = random * 1103515245U + 12345U;
    return (random >> 16U) % below;
  };
  const auto function = [&] {
    return PciAddress{next(2) * 0x10000, static_cast<std::uint8_t>(next(3)), 0,
                      static_cast<std::uint8_t>(next(2))};
  };
  for (int step = 0; step < 400; ++step) {
    auto pci = function();
    switch (next(4)) {
      case 0:
        saved.forget({pci});
        break;
      case 1:
        saved.begin_giving_back({pci, function()});
        break;
      default:
        pci.function = 0;
        saved.save({{card("gpupci" + std::to_string(1 + next(4)), pci),
                     {{pci, next(2) == 0 ? SavedDrivers::Driver("nvidia") : std::nullopt}}}});
    }
    const SavedDrivers read(file);
    ASSERT_EQ(read.functions(), saved.functions()) << step;
    for (const auto& one : saved.functions()) {
      ASSERT_EQ(read.find(one), saved.find(one)) << step;
      ASSERT_EQ(read.giving_back(one), saved.giving_back(one)) << step;
      for (int number = 1; number <= 4; ++number) {
        const auto other = card("gpupci" + std::to_string(number), one);
        ASSERT_EQ(read.is_of_another(other), saved.is_of_another(other)) << step;
      }
    }
    ASSERT_EQ(std::filesystem::exists(file), !saved.functions().empty()) << step;
  }
}

TEST(SavedDrivers, AreNotGuessedFromABrokenFile) {
  const FakeSysfs folder;
  const auto file = folder.root() / "drivers.json";
  for (const auto* text : {"", "{", "[]", "{\"version\": 2, \"drivers\": {}}",
                           "{\"version\": 1, \"drivers\": {\"x\": null}}",
                           "{\"version\": 1, \"drivers\": {\"0000:02:00.0\": 7}}"}) {
    replace_file(file, text);
    try {
      const SavedDrivers saved(file);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::io);
      EXPECT_NE(std::string(error.what()).find(file.native()), std::string::npos) << error.what();
    }
  }
}

TEST(SavedDrivers, ThatCannotBeWrittenAreAnError) {
  EXPECT_THROW(SavedDrivers("/proc/none/drivers.json")
                   .save({{card("gpupci1", kVideo), {{kVideo, "nvidia"}}}}),
               Error);
}

}  // namespace
}  // namespace cluster::agent
