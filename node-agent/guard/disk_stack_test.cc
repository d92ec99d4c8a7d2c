#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A card with a USB disk, /dev/sdb, on which the host has built something.
class GuardDiskStack : public GuardedCard {
 protected:
  GuardDiskStack() {
    fake_.add_card("0000:02:00", 3, 13);
    add_node(kDisk, "8:16", "sdb", "block");
  }

  // Lets /dev/NAME be built on the disk, and returns the reasons.
  std::string with(const std::string& name, const std::string& mapped = "",
                   const std::string& uuid = "") {
    fs::remove_all(device() / "holders");
    fs::remove_all(fake_.root() / "block");
    const auto folder = fake_.root() / "block" / name;
    replace_file(folder / "dev", "253:0\n");
    if (!mapped.empty()) replace_file(folder / "dm/name", mapped + "\n");
    if (!uuid.empty()) replace_file(folder / "dm/uuid", uuid + "\n");
    fs::create_directories(device() / "holders");
    fs::create_directory_symlink(folder, device() / "holders" / name);
    return why();
  }

  fs::path device() const { return fake_.root() / "bus/pci/devices" / kDisk; }

  const fs::path kDisk = "0000:02:00.2/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb";
};

// A dash in the name of a group or of a volume is doubled by device mapper (lvm(8)).
TEST_F(GuardDiskStack, NamesTheVolumeGroupOfALogicalVolume) {
  struct Case {
    const char* mapped;
    const char* group;
  };
  for (const auto& one :
       {Case{"vg-root", "vg"}, Case{"my--vg-root", "my-vg"}, Case{"a--b--c-root", "a-b-c"},
        Case{"vg-lv--with--dashes", "vg"}, Case{"vg-thin_tmeta", "vg"}, Case{"vg0", "vg0"}}) {
    EXPECT_THAT(with("dm-0", one.mapped, "LVM-abc"),
                HasSubstr("; vgchange -an " + std::string(one.group)))
        << one.mapped;
    EXPECT_TRUE(why().ends_with("vgchange -an " + std::string(one.group))) << why();
  }
}

TEST_F(GuardDiskStack, NamesTheWayOutForEachKindOfMapping) {
  struct Case {
    const char* uuid;
    const char* fix;
  };
  for (const auto& one : {Case{"CRYPT-LUKS2-abc-secret", "; cryptsetup close /dev/mapper/secret"},
                          Case{"CRYPT-BITLK-abc", "; cryptsetup close /dev/mapper/secret"},
                          Case{"mpath-3600508b", "; multipath -f /dev/mapper/secret"},
                          Case{"DMRAID-isw_abc", "; dmsetup remove /dev/mapper/secret or "},
                          Case{"VDO-abc", "; dmsetup remove /dev/mapper/secret or "},
                          Case{"", "; dmsetup remove /dev/mapper/secret or "}}) {
    EXPECT_THAT(with("dm-0", "secret", one.uuid), HasSubstr(one.fix)) << one.uuid;
  }
}

TEST_F(GuardDiskStack, QuotesTheNameOfAMapping) {
  EXPECT_THAT(with("dm-0", "a b;c", "CRYPT-PLAIN"),
              HasSubstr("cryptsetup close '/dev/mapper/a b;c'"));
}

// It is being taken away while we look.
TEST_F(GuardDiskStack, TellsOfAMappingWithoutAName) {
  EXPECT_EQ(
      with("dm-0", "", "LVM-abc"),
      "disk: /dev/dm-0 is built on a disk of it; dmsetup remove /dev/dm-0 or vgchange -an its "
      "volume group");
}

TEST_F(GuardDiskStack, NamesTheWayOutForDevicesThatAreNoMapping) {
  EXPECT_THAT(with("drbd0"), HasSubstr("/dev/drbd0 is built on a disk of it; drbdadm down"));
  EXPECT_THAT(with("dm-9"), HasSubstr("; dmsetup remove /dev/dm-9 or vgchange"));
  with("md127");
  replace_file(fake_.root() / "block/md127/md/level", "raid1\n");
  EXPECT_TRUE(why().ends_with("; mdadm --stop /dev/md127")) << why();
  with("bcache0");
  replace_file(fake_.root() / "block/bcache0/bcache/state", "clean\n");
  EXPECT_TRUE(why().ends_with("; echo 1 >/sys/block/bcache0/bcache/stop")) << why();
}

// What is mounted is told before what is built.
TEST_F(GuardDiskStack, TellsOfTheMountFirst) {
  with("dm-0", "secret", "CRYPT-PLAIN");
  proc_.file("self/mountinfo", "36 22 253:0 / /data rw - ext4 /dev/mapper/secret rw\n");
  EXPECT_THAT(why(), StartsWith("disk: /dev/dm-0 (/dev/mapper/secret) is mounted on '/data'; "));
}

TEST_F(GuardDiskStack, LetsACardGoWhenTheStackIsTakenApart) {
  EXPECT_THAT(with("dm-0", "secret", "CRYPT-PLAIN"), HasSubstr("built on a disk of it"));
  fs::remove_all(device() / "holders/dm-0");
  EXPECT_EQ(why(), "nothing");
}

// ---- swap

TEST_F(GuardDiskStack, ReadsEachLineOfTheSwaps) {
  struct Case {
    const char* line;
    bool ours;
  };
  for (const auto& one : {Case{"/dev/sdb                  partition 1000 0 -2", true},
                          Case{"/dev/sdb\tpartition\t1000\t0\t-2", true},
                          Case{"/dev/sdb\\040(deleted)  partition 1000 0 -2", true},
                          Case{"/dev/sdb1                 partition 1000 0 -2", false},
                          Case{"/dev/sda                  partition 1000 0 -2", false},
                          Case{"sdb                       partition 1000 0 -2", false},
                          Case{"Filename                  Type", false}, Case{"", false}}) {
    proc_.file("swaps", "Filename\tType\n" + std::string(one.line) + "\n");
    EXPECT_EQ(why() != "nothing", one.ours) << one.line;
  }
}

TEST_F(GuardDiskStack, NamesASwapOnWhatIsBuiltOnIt) {
  with("dm-0", "vg-swap", "LVM-abc");
  for (const auto* path : {"/dev/dm-0", "/dev/mapper/vg-swap"}) {
    proc_.file("swaps", "Filename\tType\n" + std::string(path) + " partition 1000 0 -2\n");
    EXPECT_THAT(why(), HasSubstr("the host swaps to /dev/dm-0 (/dev/mapper/vg-swap); swapoff "
                                 "/dev/dm-0"));
  }
}

// ---- mounts

TEST_F(GuardDiskStack, KnowsAMountByItsNumberOrItsSource) {
  struct Case {
    const char* line;  // of mountinfo
    bool ours;
  };
  for (const auto& one : {
           Case{"36 22 8:16 / /d rw - ext4 /dev/disk/by-uuid/x rw", true},
           Case{"36 22 8:16 / /d rw shared:1 master:2 - xfs /dev/x rw", true},
           Case{"36 22 0:40 /@home /d rw - btrfs /dev/sdb rw,subvol=/@home", true},
           Case{"36 22 0:41 / /d rw - bcachefs /dev/sda:/dev/sdb rw", true},
           Case{"36 22 0:41 / /d rw - bcachefs /dev/sda:/dev/sdc rw", false},
           Case{"36 22 8:32 / /d rw - xfs /dev/sdc rw,logdev=/dev/sdb", true},
           Case{"36 22 8:32 / /d rw - ext4 /dev/sdc rw,data=ordered", false},
           Case{"36 22 8:161 / /d rw - ext4 /dev/sdk1 rw", false},
           Case{"36 22 0:42 / /d rw - tmpfs sdb rw", false},
           Case{"36 22 0:42 / /d rw - overlay overlay rw,lowerdir=/dev/x", false},
           Case{"36 22 8:16", false},
       }) {
    proc_.file("self/mountinfo", std::string(one.line) + "\n");
    EXPECT_EQ(why() != "nothing", one.ours) << one.line;
  }
}

}  // namespace
}  // namespace cluster::agent
