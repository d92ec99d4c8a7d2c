#include <gmock/gmock.h>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/transaction/transaction.h"
#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using Fate = FakeNodeDevices::Fate;

// One function that had the driver nvidia when it was added.
class GiveBack : public ::testing::Test {
 protected:
  GiveBack() {
    fake_.add_card("0000:02:00", 1, 13);
    environment_.proc = fake_.root() / "proc";
    environment_.keep_state_in(fake_.root());
  }

  // The steps, or the error: "override 0000:02:00.0 none, attach 0000:02:00.0".
  std::string give_back(const Before& before, virt::Mode mode = virt::Mode::act) {
    std::vector<std::string> steps;
    const auto on_step = [&](const std::string& step) {
      if (!step.starts_with("readlink")) steps.push_back(step);
      if (step.starts_with("readlink")) read_back_ = step.substr(step.rfind('/') + 1);
    };
    const auto sysfs = fake_.sysfs();
    FakeNodeDevices devices(fake_, plot_, mode, on_step);
    SavedDrivers saved(environment_.saved_drivers);
    const auto input = guard_input(environment_, sysfs, settings_);
    Tools tools{input, saved, devices, on_step, mode};
    try {
      agent::give_back(kVideo, before, tools);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::io);
      return error.what();
    }
    return joined(steps, ", ");
  }

  FakeSysfs fake_;
  Settings settings_;
  Environment environment_;
  FakeNodeDevices::Plot plot_;
  std::string read_back_;  // the step that reads the driver back, without its folders
};

constexpr const char* kAttach = "attach 0000:02:00.0";

// A driver_override says who takes the function, so it is there before, unless it would keep the
// driver from before away.
TEST_F(GiveBack, WritesTheOverrideWhereItDoesNoHarm) {
  struct Case {
    std::optional<std::string> now;     // the driver of the function
    std::optional<std::string> driver;  // the one from before
    std::optional<std::string> only;    // the driver_override from before
    std::string steps;
  };
  const std::string attach = kAttach;
  const std::string none = "override 0000:02:00.0 none";
  const std::string nvidia = "override 0000:02:00.0 nvidia";
  const std::string other = "override 0000:02:00.0 uio";
  for (const auto& one : {
           Case{"vfio-pci", "nvidia", std::nullopt, attach},
           Case{"vfio-pci", std::nullopt, std::nullopt, attach},
           Case{std::nullopt, "nvidia", std::nullopt, attach},
           Case{"vfio-pci", std::nullopt, "none", none + ", " + attach},
           Case{std::nullopt, std::nullopt, "none", none + ", " + attach},
           Case{"vfio-pci", "nvidia", "nvidia", nvidia + ", " + attach},
           Case{"vfio-pci", "nvidia", "uio", attach + ", " + other},
           Case{"nvidia", std::nullopt, "uio", attach + ", " + other},
           Case{"nvidia", "nvidia", "nvidia", attach + ", " + nvidia},
       }) {
    fake_.set_driver(kVideo, one.now);
    fake_.set_driver_override(kVideo, "");
    EXPECT_EQ(give_back({.driver = one.driver, .only = one.only}), one.steps)
        << one.now.value_or("-") << " " << one.driver.value_or("-") << " "
        << one.only.value_or("-");
    EXPECT_EQ(fake_.sysfs().driver_override(kVideo), one.only.value_or(""));
  }
}

TEST_F(GiveBack, ReadsBackWhatTheStubHas) {
  fake_.set_driver(kVideo, "vfio-pci");
  plot_ = {{kAttach, Fate::lie}};
  EXPECT_EQ(give_back({}), "it is still on vfio-pci");
  fake_.set_driver(kVideo, "nvgrace-gpu-vfio-pci");
  EXPECT_EQ(give_back({}), "it is still on nvgrace-gpu-vfio-pci");
}

TEST_F(GiveBack, WantsTheDriverFromBefore) {
  fake_.set_driver(kVideo, "vfio-pci");
  EXPECT_EQ(give_back({.driver = "nouveau"}),
            "it is on nvidia, before it was on nouveau (is that module loaded?)");
  fake_.set_driver(kVideo, "vfio-pci");
  plot_ = {{kAttach, Fate::half}};
  EXPECT_THAT(give_back({.driver = "nvidia"}), HasSubstr("the fake stops amid attach"));
}

TEST_F(GiveBack, SaysThatNoDriverCame) {
  fake_.set_driver(kVideo, std::nullopt);
  plot_ = {{kAttach, Fate::lie}};
  EXPECT_EQ(give_back({.driver = "nvidia"}),
            "it has no driver, before it was on nvidia (is that module loaded?)");
  EXPECT_EQ(give_back({}), kAttach) << "any driver is right, and none too";
}

TEST_F(GiveBack, IsContentWithAnyDriverWhereNoneWasSaved) {
  fake_.set_driver(kVideo, "nouveau");
  EXPECT_EQ(give_back({}), kAttach);
  EXPECT_EQ(fake_.drivers(), "nouveau") << "the host has chosen it";
}

TEST_F(GiveBack, SaysWhichDriverItWillLookFor) {
  give_back({.driver = "nvidia"});
  EXPECT_EQ(read_back_, "driver  # nvidia");
  give_back({});
  EXPECT_EQ(read_back_, "driver");
}

TEST_F(GiveBack, RehearsesWithoutALookAtTheResult) {
  fake_.set_driver(kVideo, "vfio-pci");
  EXPECT_EQ(give_back({.driver = "nouveau", .only = "none"}, virt::Mode::dry_run),
            "attach 0000:02:00.0, override 0000:02:00.0 none");
  EXPECT_EQ(fake_.drivers(), "vfio-pci");
  EXPECT_EQ(fake_.sysfs().driver_override(kVideo), "");
}

}  // namespace
}  // namespace cluster::agent
