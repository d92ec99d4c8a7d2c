#include "node-agent/cards/slices.h"

#include <sys/stat.h>

#include "node-agent/guard/guards.h"
#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

class GuardSlices : public GuardedCard {
 protected:
  GuardSlices() { fake_.add_card("0000:02:00", 2, 13); }

  // The reasons for the virtual function 02:00.4 of the card.
  std::string why_slice() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const auto slices = slices_of(cards.front(), sysfs);
    if (slices.empty()) return "no slice";
    const auto seen = input(sysfs);
    const auto found = kSlicesGuard.probe(Subject(slices.front(), slices, seen));
    return found.empty() ? "nothing" : message(found);
  }

  void add_virtual_function(const std::string& driver) {
    fake_.add({"0000:02:00.4", "0302", "10de:1e07", driver, 20});
    const auto functions = fake_.root() / "bus/pci/devices";
    std::filesystem::create_symlink(functions / "0000:02:00.0", functions / "0000:02:00.4/physfn");
    std::filesystem::create_symlink(functions / "0000:02:00.4", functions / "0000:02:00.0/virtfn0");
    set("0000:02:00.0/sriov_totalvfs", "4");
  }
};

TEST_F(GuardSlices, LetACardGoThatHasNone) {
  EXPECT_EQ(why(), "nothing") << "it cannot have any";
  set("0000:02:00.0/sriov_numvfs", "0");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardSlices, CountTheVirtualFunctionsOfEachFunction) {
  set("0000:02:00.1/sriov_numvfs", "12");
  EXPECT_EQ(why(),
            "slices: 0000:02:00.1 has 12 active virtual functions; end the VMs that use them, then "
            "gpupci --vfs gpupci1 0");
}

// A driver that hangs holds the lock of the device, for which this file waits.
TEST_F(GuardSlices, KeepACardThatDoesNotTellHowManyItHas) {
  const auto file = fake_.root() / "bus/pci/devices/0000:02:00.0/sriov_numvfs";
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(why(), "slices: " + file.native() +
                       " does not answer: is it being bound?; try again; when it stays so, reboot "
                       "the host");
}

TEST_F(GuardSlices, NameEachMediatedDevice) {
  set("0000:02:00.0/mdev_supported_types/nvidia-63/devices/c2177883/x", "");
  set("0000:02:00.0/mdev_supported_types/nvidia-64/devices/d2177883/x", "");
  EXPECT_THAT(why(), HasSubstr("slices: mediated device c2177883 (nvidia-63) is made from "
                               "0000:02:00.0; end its VM, then echo 1 >"));
  EXPECT_THAT(why(), HasSubstr("bus/mdev/devices/d2177883/remove"));
  std::filesystem::remove_all(
      fake_.root() / "bus/pci/devices/0000:02:00.0/mdev_supported_types/nvidia-63/devices");
  EXPECT_THAT(why(), ::testing::Not(HasSubstr("c2177883")));
}

TEST_F(GuardSlices, OfATypeThatIsOnlyOfferedAreNone) {
  set("0000:02:00.0/mdev_supported_types/nvidia-63/available_instances", "4");
  std::filesystem::create_directories(
      fake_.root() / "bus/pci/devices/0000:02:00.0/mdev_supported_types/nvidia-63/devices");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardSlices, NameTheVgpuOfAVirtualFunction) {
  add_virtual_function("nvidia");
  EXPECT_EQ(why_slice(), "nothing") << "its driver makes no vGPUs";
  set("0000:02:00.4/nvidia/current_vgpu_type", "1145");
  EXPECT_EQ(why_slice(),
            "0000:02:00.4 has a vGPU of type 1145; end its VM, then gpupci --remove-vgpu (gpupci "
            "--vgpus lists them)");
}

// vfio-pci could not run what the driver offers.
TEST_F(GuardSlices, KeepAVirtualFunctionWithTheDriverThatGivesItToVms) {
  add_virtual_function("nvidia");
  set("0000:02:00.4/nvidia/current_vgpu_type", "0");
  EXPECT_EQ(why_slice(),
            "the driver of 0000:02:00.4 gives it to VMs itself, vfio-pci cannot; gpupci "
            "--create-vgpu gpupci1.0 TYPE");
}

TEST_F(GuardSlices, CanBeOverridden) {
  set("0000:02:00.0/sriov_numvfs", "2");
  EXPECT_EQ(why({"slices"}), "nothing");
}

// The driver of a card takes its virtual functions along, with all that the host has on them.
class GuardForcedSlices : public GuardSlices {
 protected:
  GuardForcedSlices() {
    add_virtual_function("some");
    set("0000:02:00.0/sriov_numvfs", "1");
  }
};

TEST_F(GuardForcedSlices, LoseNothingOfTheHost) { EXPECT_EQ(why({"slices"}), "nothing"); }

TEST_F(GuardForcedSlices, HaveADiskOfTheHost) {
  add_node("0000:02:00.4/nvme/nvme0/nvme0n1", "259:0", "nvme0n1", "block");
  proc_.file("self/mountinfo", "36 22 259:0 / /data rw - ext4 /dev/nvme0n1 rw\n");
  EXPECT_EQ(why({"slices"}), "disk: /dev/nvme0n1 is mounted on '/data'; umount /data");
}

TEST_F(GuardForcedSlices, HaveTheNetworkOfTheHost) {
  set("0000:02:00.4/net/eth1/flags", "0x1003");
  proc_.file("net/if_inet6", "20010db8000000000000000000000005 07 40 00 80     eth1\n");
  EXPECT_THAT(why({"slices"}), HasSubstr("network: network card 'eth1' is up with the address"));
}

TEST_F(GuardForcedSlices, HaveAProgram) {
  add_node("0000:02:00.4/drm/renderD129", "1:3", "dri/renderD129");
  proc_.process(812, "blender").open(812, 9, "/dev/null");
  EXPECT_EQ(why({"slices"}),
            "holder: process 812 ('blender') has /dev/dri/renderD129 open; stop it (kill 812)");
}

}  // namespace
}  // namespace cluster::agent
