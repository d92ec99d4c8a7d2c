#include "node-agent/binding/open_node_devices.h"

#include <gmock/gmock.h>

#include <utility>

#include "tests/support/fake_node_devices.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using Fate = FakeNodeDevices::Fate;

// Tests the part that `tidy` adds to libvirt. The lab tests prove that libvirt itself does its
// part.
class TidyTest : public ::testing::Test {
 protected:
  TidyTest() { fake_.add_card("0000:02:00", 1, 13); }

  std::unique_ptr<virt::NodeDevices> open(FakeNodeDevices::Plot plot) {
    const auto on_step = [this](const std::string& step) {
      steps_.push_back(step.substr(0, step.find('/')));
    };
    return tidy(std::make_unique<FakeNodeDevices>(fake_, std::move(plot), virt::Mode::act, on_step),
                sysfs_, settings_, virt::Mode::act, on_step);
  }

  FakeSysfs fake_;
  Sysfs sysfs_ = fake_.sysfs();
  Settings settings_;
  std::vector<std::string> steps_;
};

TEST_F(TidyTest, LeavesNoDriverOverrideBehind) {
  const auto devices = open({{"attach 0000:02:00.0", Fate::leftover}});
  devices->detach(kVideo);
  ASSERT_EQ(fake_.drivers(), "vfio-pci");
  devices->attach(kVideo);
  EXPECT_THAT(steps_, ElementsAre("detach 0000:02:00.0", "attach 0000:02:00.0", "echo > "));
  EXPECT_EQ(sysfs_.driver_override(kVideo).find("vfio-pci"), std::string::npos);
}

TEST_F(TidyTest, DoesNotRebindWhatTheHostHas) {
  fake_.set_driver_override(kVideo, "vfio-pci");
  open({})->attach(kVideo);
  EXPECT_THAT(steps_, ElementsAre("echo > "));
}

}  // namespace
}  // namespace cluster::agent
