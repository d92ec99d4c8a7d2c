#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDetachIt = "or detach that device too";

// A card, and one neighbour in its IOMMU group.
class GuardGroup : public GuardedCard {
 protected:
  GuardGroup() { fake_.add_card("0000:02:00", 1, 13); }

  void add_neighbour(const std::string& device_class, const std::string& driver = "some") {
    fake_.add({"0000:03:00.0", device_class, "8086:1111", driver, 13});
  }
};

// A network card is left out: its interface decides.
class GuardGroupMayGo : public GuardGroup, public ::testing::WithParamInterface<const char*> {};
TEST_P(GuardGroupMayGo, WithTheCardToAVm) {
  add_neighbour(GetParam());
  EXPECT_THAT(why(), HasSubstr(kDetachIt));
}
INSTANTIATE_TEST_SUITE_P(Classes, GuardGroupMayGo,
                         ::testing::Values("0300", "0302", "0380", "1200", "0108", "0401", "0403",
                                           "0c03"));

class GuardGroupStays : public GuardGroup, public ::testing::WithParamInterface<const char*> {};
TEST_P(GuardGroupStays, WithTheHostWhoeverUsesIt) {
  add_neighbour(GetParam());
  EXPECT_THAT(why(), HasSubstr("shares IOMMU group 13 with it; put the card into a slot with a "
                               "group of its own"));
  EXPECT_THAT(why(), Not(HasSubstr(kDetachIt)));
}
INSTANTIATE_TEST_SUITE_P(Classes, GuardGroupStays,
                         ::testing::Values("0100", "0101", "0104", "0106", "0107", "0500", "0580",
                                           "0600", "0601", "0700", "0780", "0805", "0806", "0880",
                                           "0b40", "0c05", "0c80", "1080", "1180", "1300", "ff00"));

TEST_F(GuardGroup, LetsANeighbourBeThatAStubHas) {
  add_neighbour("0403");
  for (const auto* stub : {"vfio-pci", "pci-stub", "nvgrace-gpu-vfio-pci", "mlx5_vfio_pci"}) {
    fake_.set_driver({0, 3, 0, 0}, stub);
    EXPECT_EQ(why(), "nothing") << stub;
  }
  for (const auto* host : {"snd_hda_intel", "vfio", "pciback", "stub"}) {
    fake_.set_driver({0, 3, 0, 0}, host);
    EXPECT_THAT(why(), HasSubstr("driver " + std::string(host) + ") shares")) << host;
  }
}

TEST_F(GuardGroup, LetsTheStubOfTheSettingsBe) {
  add_neighbour("0403", "my-stub");
  EXPECT_THAT(why(), HasSubstr("driver my-stub"));
  settings_.stub_driver = "my-stub";
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardGroup, KeepsACardBesideADeviceThatCannotBeRead) {
  add_neighbour("0403");
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:03:00.0/vendor");
  EXPECT_EQ(why(),
            "group: 0000:03:00.0 (it cannot be read, driver 'some') shares IOMMU group 13 with it; "
            "put the card into a slot with a group of its own");
}

// It has gone, or no driver has it: then it has nothing that the host could lose.
TEST_F(GuardGroup, LetsADeviceBeThatCannotBeReadAndHasNoDriver) {
  fake_.add({"0000:03:00.0", "0403", "8086:1111", std::nullopt, 13});
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:03:00.0/vendor");
  EXPECT_EQ(why(), "nothing");
}

// All of the slot would have to go with the neighbour.
TEST_F(GuardGroup, AdvisesToDetachNoSlotOfWhichAPartStays) {
  add_neighbour("0403");
  EXPECT_THAT(why(), HasSubstr(kDetachIt));
  fake_.add({"0000:03:00.1", "0c05", "8086:1112", std::nullopt, 14});
  EXPECT_THAT(why(), Not(HasSubstr(kDetachIt)));
}

TEST_F(GuardGroup, AdvisesToDetachNoNeighbourThatOthersDependOn) {
  add_neighbour("0c03");
  set("0000:03:00.0/consumer:pci:0000:09:00.0/x", "");
  EXPECT_THAT(why(), Not(HasSubstr(kDetachIt)));
}

TEST_F(GuardGroup, AdvisesToDetachNoNeighbourWithAMountedDisk) {
  add_neighbour("0c03");
  add_node("0000:03:00.0/usb1/1-1/host1/block/sdb", "8:16", "sdb", "block");
  EXPECT_THAT(why(), HasSubstr(kDetachIt));
  proc_.file("self/mountinfo", "36 22 8:16 / /data rw - ext4 /dev/sdb rw\n");
  EXPECT_THAT(why({"disk"}), Not(HasSubstr(kDetachIt)));
}

TEST_F(GuardGroup, AdvisesToDetachNoDisplayThatShowsTheConsole) {
  add_neighbour("0300");
  set("0000:03:00.0/boot_vga", "1");
  EXPECT_THAT(why(), HasSubstr(kDetachIt));
  replace_file(fake_.root() / "class/vtconsole/vtcon0/name", "(S) VGA+\n");
  replace_file(fake_.root() / "class/vtconsole/vtcon0/bind", "1\n");
  EXPECT_THAT(why(), Not(HasSubstr(kDetachIt)));
}

TEST_F(GuardGroup, AsksOfEachFunctionOfACardInItsOwnGroup) {
  fake_.add({"0000:02:00.1", "0403", "10de:10f1", "snd_hda_intel", 14});
  fake_.add({"0000:04:00.0", "0106", "8086:a102", "ahci", 14});
  EXPECT_EQ(why(),
            "group: 0000:04:00.0 (class 0106, driver ahci) shares IOMMU group 14 with it; put the "
            "card into a slot with a group of its own");
}

TEST_F(GuardGroup, CanBeOverridden) {
  add_neighbour("0106", "ahci");
  EXPECT_EQ(why({"group"}), "nothing");
}

// ---- the members that a VM gets

class SubjectMembers : public GuardedCard {
 protected:
  // "0000:02:00.0 0000:03:00.0"
  std::string members() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    const auto seen = input(sysfs);
    const Subject subject(cards.front(), cards, seen);
    std::string all;
    for (const auto& one : subject.members()) {
      all += (all.empty() ? "" : " ") + one.pci.sysfs();
    }
    return all;
  }
};

TEST_F(SubjectMembers, AreTheCardAndItsGroupWithoutBridges) {
  fake_.add_card("0000:02:00", 2, 13)
      .add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 13})
      .add({"0000:03:00.0", "0200", "8086:100e", std::nullopt, 13})
      .add({"0000:04:00.0", "0200", "8086:100e", std::nullopt, 14});
  EXPECT_EQ(members(), "0000:02:00.0 0000:02:00.1 0000:03:00.0");
}

TEST_F(SubjectMembers, LeaveOutWhatCannotBeRead) {
  fake_.add_card("0000:02:00", 1, 13).add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:03:00.0/device");
  EXPECT_EQ(members(), "0000:02:00.0");
}

TEST_F(SubjectMembers, AreOfAllGroupsThatTheCardIsIn) {
  fake_.add({"0000:02:00.0", "0300", "10de:1e07", "nvidia", 13})
      .add({"0000:02:00.1", "0403", "10de:10f1", "snd_hda_intel", 14})
      .add({"0000:03:00.0", "0108", "144d:a804", std::nullopt, 13})
      .add({"0000:04:00.0", "0108", "144d:a804", std::nullopt, 14});
  EXPECT_EQ(members(), "0000:02:00.0 0000:02:00.1 0000:03:00.0 0000:04:00.0");
}

TEST_F(SubjectMembers, AreTheCardAloneWithoutAnIommu) {
  fake_.add_card("0000:02:00", 2, std::nullopt).add_card("0000:03:00", 1, std::nullopt);
  EXPECT_EQ(members(), "0000:02:00.0 0000:02:00.1");
}

}  // namespace
}  // namespace cluster::agent
