#include "node-agent/guard/guard_input.h"

#include <gtest/gtest.h>

#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

// A guard that reads any of the paths sees what the host has, whoever made the input.
TEST(GuardInput, HasAllThatTheHostHas) {
  const FakeSysfs fake;
  FakeProc proc;
  proc.file("sys/kernel/random/boot_id", "6c0f\n");
  Environment environment;
  environment.proc = proc.root();
  environment.modules = "/m";
  environment.runtime = "/r";
  environment.ssh_connection = "10.0.0.9 50000 10.0.0.2 22";
  environment.keep_state_in("/state");
  const auto sysfs = fake.sysfs();
  Settings settings;
  settings.stub_driver = "pci-stub";
  const auto input =
      guard_input(environment, sysfs, settings, [] { return std::vector<virt::VmDevice>(3); });
  EXPECT_EQ(&input.sysfs, &sysfs);
  EXPECT_EQ(input.settings.stub_driver, "pci-stub");
  EXPECT_EQ(input.proc, proc.root());
  EXPECT_EQ(input.modules, "/m");
  EXPECT_EQ(input.runtime, "/r");
  EXPECT_EQ(input.ssh_connection, "10.0.0.9 50000 10.0.0.2 22");
  EXPECT_EQ(input.names, "/state/names.json");
  EXPECT_EQ(input.saved_drivers, "/state/drivers.json");
  EXPECT_EQ(input.slices, "/state/slices.json");
  EXPECT_EQ(input.wedged, "/state/wedged.json");
  EXPECT_EQ(input.boot, "6c0f");
  EXPECT_EQ(input.machine, environment.machine());
  EXPECT_TRUE(input.cards().empty());
  EXPECT_EQ(input.vm_devices().size(), 3U);
}

TEST(GuardInput, AsksNobodyAboutVmsUnlessToldWhom) {
  const FakeSysfs fake;
  const auto sysfs = fake.sysfs();
  const Settings settings;
  EXPECT_FALSE(guard_input({}, sysfs, settings).vm_devices);
}

TEST(GuardInput, CanLookAtTheCardsOnce) {
  int looks = 0;
  const auto cards = looked_at_once([&] {
    ++looks;
    return std::vector<Card>{{GpuName("gpupci1"), {}}};
  });
  const auto copy = cards;
  EXPECT_EQ(looks, 0);
  EXPECT_EQ(cards().size(), 1U);
  EXPECT_EQ(copy().size(), 1U);
  EXPECT_EQ(looks, 1);
}

}  // namespace
}  // namespace cluster::agent
