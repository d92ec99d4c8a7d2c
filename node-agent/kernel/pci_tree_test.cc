#include "node-agent/kernel/pci_tree.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const PciAddress kRootPort{0, 0, 1, 0};
const PciAddress kUpper{0, 5, 0, 0};
const PciAddress kLower{0, 6, 0, 0};
const PciAddress kScreen{0, 7, 0, 0};
const PciAddress kSpeaker{0, 7, 0, 1};

class PciTree : public ::testing::Test {
 protected:
  PciTree() {
    fake_.add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 1});
    fake_.add({"0000:05:00.0", "0604", "1002:1478", "pcieport", 1});
    fake_.add({"0000:06:00.0", "0604", "1002:1479", "pcieport", 1});
    fake_.add({"0000:07:00.0", "0300", "1002:731f", "amdgpu", 1});
    fake_.add({"0000:07:00.1", "0403", "1002:ab38", "snd_hda_intel", 1});
    fake_.put_below("0000:05:00.0", "0000:00:01.0").put_below("0000:06:00.0", "0000:05:00.0");
    fake_.put_below("0000:07:00.0", "0000:06:00.0").put_below("0000:07:00.1", "0000:06:00.0");
    replace_file(fake_.sysfs().device_path(kRootPort) / "0000:00:01.0:pcie002/uevent", "");
    replace_file(fake_.sysfs().device_path(kRootPort) / "power/control", "auto\n");
  }

  FakeSysfs fake_;
};

TEST_F(PciTree, HasTheBridgesAboveAFunctionNearestFirst) {
  EXPECT_THAT(bridges_above(fake_.sysfs(), kScreen), ElementsAre(kLower, kUpper, kRootPort));
  EXPECT_THAT(bridges_above(fake_.sysfs(), kRootPort), IsEmpty());
  EXPECT_THAT(bridges_above(fake_.sysfs(), {0, 9, 0, 0}), IsEmpty());
}

TEST_F(PciTree, HasWhatIsBelowABridgeAtAnyDepth) {
  EXPECT_THAT(functions_below(fake_.sysfs(), kRootPort),
              ElementsAre(kUpper, kLower, kScreen, kSpeaker));
  EXPECT_THAT(functions_below(fake_.sysfs(), kLower), ElementsAre(kScreen, kSpeaker));
  EXPECT_THAT(functions_below(fake_.sysfs(), kScreen), IsEmpty());
}

TEST_F(PciTree, KnowsTheSwitchOfACard) {
  EXPECT_EQ(upstream_port(fake_.sysfs(), kScreen, 0x1002), kUpper);
  EXPECT_EQ(upstream_port(fake_.sysfs(), kScreen, 0x10de), kScreen) << "the switch is the board's";
}

// Root ports of a chipset of the same vendor are the machine's.
TEST_F(PciTree, LeavesTheRootPortToTheMachine) {
  FakeSysfs fake;
  fake.add({"0000:00:02.0", "0604", "1002:5a34", "pcieport", 1});
  fake.add({"0000:01:00.0", "0300", "1002:9440", "radeon", 1});
  fake.put_below("0000:01:00.0", "0000:00:02.0");
  EXPECT_EQ(upstream_port(fake.sysfs(), {0, 1, 0, 0}, 0x1002), (PciAddress{0, 1, 0, 0}));
}

}  // namespace
}  // namespace cluster::agent
