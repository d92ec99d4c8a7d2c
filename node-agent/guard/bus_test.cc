#include "node-agent/guard/bus.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

class GuardBus : public GuardedCard {};

TEST_F(GuardBus, KeepsACardThatHasFallenOff) {
  fake_.add_card("0000:02:00", 2, 13);
  EXPECT_EQ(why(), "nothing") << "the kernel does not show the space, so nothing is known";
  set("0000:02:00.0/config", std::string(64, '\0'));
  set("0000:02:00.1/config", std::string(64, '\xff'));
  EXPECT_EQ(why(), "bus: 0000:02:00.1 has fallen off the bus; power the host off and on");
  EXPECT_EQ(why({"bus"}), "nothing");
}

// A reset that never ends holds back all who read the space, and an unbind even more.
TEST_F(GuardBus, KeepsACardWhoseSpaceDoesNotAnswer) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto config = fake_.root() / "bus/pci/devices/0000:02:00.0/config";
  ASSERT_EQ(::mkfifo(config.c_str(), 0600), 0);
  const FileDescriptor writer(::open(config.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(why(),
            "bus: the kernel gives no configuration space of 0000:02:00.0: it may be in a reset "
            "that never ends; try again; when it stays so, reboot the host");
}

TEST_F(GuardBus, ReadsTheOthersWhereOneDoesNotAnswer) {
  fake_.add_card("0000:02:00", 3, 13);
  const auto config = fake_.root() / "bus/pci/devices/0000:02:00.0/config";
  ASSERT_EQ(::mkfifo(config.c_str(), 0600), 0);
  const FileDescriptor writer(::open(config.c_str(), O_RDWR | O_CLOEXEC));
  set("0000:02:00.1/config", std::string(64, '\0'));
  set("0000:02:00.2/config", std::string(64, '\xff'));
  EXPECT_EQ(why(),
            "bus: the kernel gives no configuration space of 0000:02:00.0: it may be in a reset "
            "that never ends; try again; when it stays so, reboot the host; bus: 0000:02:00.2 has "
            "fallen off the bus; power the host off and on");
}

TEST(HasFallenOff, IsSaidByTheSpaceItself) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 1, 13);
  const PciAddress pci{0, 2, 0, 0};
  const auto with = [&](const std::string& config) {
    replace_file(fake.root() / "bus/pci/devices/0000:02:00.0/config", config);
    return has_fallen_off(fake.sysfs(), pci);
  };
  EXPECT_EQ(has_fallen_off(fake.sysfs(), pci), std::nullopt);
  EXPECT_EQ(with(std::string(15, '\xff')), std::nullopt) << "too short to tell";
  EXPECT_EQ(with(std::string(16, '\xff')), true);
  std::string config(64, '\0');
  EXPECT_EQ(with(config), false);
  config[14] = '\x7f';  // no device has this header type
  EXPECT_EQ(with(config), true);
  EXPECT_EQ(has_fallen_off(fake.sysfs(), {0, 3, 0, 0}), std::nullopt);
}

}  // namespace
}  // namespace cluster::agent
