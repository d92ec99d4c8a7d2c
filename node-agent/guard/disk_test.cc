#include <fcntl.h>
#include <unistd.h>

#include "core/text.h"
#include "node-agent/guard/guard.h"
#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class GuardDisk : public GuardedCard {};

TEST_F(GuardDisk, NameTheMountOfADiskAndOfWhatIsBuiltOnIt) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  const std::filesystem::path disk = "0000:02:00.0/nvme/nvme0/nvme0n1";
  add_node(disk, "259:0", "nvme0n1", "block");
  add_node(disk / "nvme0n1p1", "259:1", "nvme0n1p1", "block");
  EXPECT_EQ(why(), "nothing");

  const auto mounts = std::string("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  proc_.file("self/mountinfo", mounts + "36 22 259:1 / /data rw - ext4 /dev/nvme0n1p1 rw\n");
  EXPECT_EQ(why(), "disk: /dev/nvme0n1p1 is mounted on '/data'; umount /data");
  EXPECT_EQ(why({"disk"}), "nothing");
  proc_.file("self/mountinfo", mounts + "36 22 0:40 / /data rw - btrfs /dev/nvme0n1 rw\n");
  EXPECT_EQ(why(), "disk: /dev/nvme0n1 is mounted on '/data'; umount /data");

  proc_.file("self/mountinfo", mounts);
  proc_.file("swaps", "Filename\tType\n/dev/nvme0n1p1  partition 1000 0 -2\n");
  EXPECT_EQ(why(), "disk: the host swaps to /dev/nvme0n1p1; swapoff /dev/nvme0n1p1");

  proc_.file("swaps", "Filename\tType\n");
  const auto mapper = fake_.root() / "class/block/dm-0";
  replace_file(mapper / "dev", "253:0\n");
  replace_file(mapper / "dm/name", "vg-data\n");
  const auto holders = fake_.root() / "bus/pci/devices" / disk / "nvme0n1p1/holders";
  std::filesystem::create_directories(holders);
  std::filesystem::create_symlink(mapper, holders / "dm-0");
  EXPECT_EQ(why(),
            "disk: /dev/dm-0 (/dev/mapper/vg-data) is built on a disk of it; dmsetup remove "
            "/dev/mapper/vg-data or vgchange -an its volume group");
  proc_.file("self/mountinfo", mounts + "36 22 253:0 / /x rw - xfs /dev/mapper/vg-data rw\n");
  EXPECT_THAT(why(),
              StartsWith("disk: /dev/dm-0 (/dev/mapper/vg-data) is mounted on '/x'; umount"));
}

// A card with a USB stick, /dev/sdb with /dev/sdb1.
class GuardStick : public GuardDisk {
 protected:
  GuardStick() {
    fake_.add_card("0000:02:00", 3, 13);
    add_node(kStick, "8:16", "sdb", "block");
    add_node(kStick / "sdb1", "8:17", "sdb1", "block");
    replace_file(sys(kStick) / "sdb1/partition", "1\n");
  }

  std::filesystem::path sys(const std::filesystem::path& below) const {
    return fake_.root() / "bus/pci/devices" / below;
  }
  void add_device(const std::string& name, const std::string& number) {
    replace_file(fake_.root() / "block" / name / "dev", number + "\n");
  }
  void hold(const std::filesystem::path& disk, const std::string& name) {
    std::filesystem::create_directories(disk / "holders");
    std::filesystem::create_symlink(fake_.root() / "block" / name, disk / "holders" / name);
  }
  void back(const std::string& loop, const std::string& number, const std::string& file) {
    add_device(loop, number);
    replace_file(fake_.root() / "block" / loop / "loop/backing_file", file + "\n");
  }
  void mount(const std::string& line) {
    mounts_ += line + "\n";
    proc_.file("self/mountinfo", mounts_);
  }

  const std::filesystem::path kStick =
      "0000:02:00.2/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb";
  std::string mounts_ = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
};

TEST_F(GuardStick, NamesAMountAnyDepthBelowAFunction) {
  mount("36 22 8:17 / /run/my\\040data rw - ext4 /dev/sdb1 rw");
  EXPECT_EQ(why(), "disk: /dev/sdb1 is mounted on '/run/my data'; umount '/run/my data'");
}

TEST_F(GuardStick, DoesNotAdviseToUnmountTheRoot) {
  proc_.file("self/mountinfo", "22 1 8:17 / / rw - ext4 /dev/sdb1 rw\n");
  EXPECT_EQ(why(), "disk: /dev/sdb1 is mounted on '/'; keep it, the host runs from it");
}

TEST_F(GuardStick, NamesTheMountOfAnotherNamespace) {
  proc_.process(900, "nginx")
      .file("900/mountinfo", "5 1 8:17 / /data rw - ext4 /dev/sdb1 rw\n")
      .process(901, "nginx")
      .file("901/mountinfo", "5 1 8:17 / /data rw - ext4 /dev/sdb1 rw\n");
  EXPECT_EQ(why(),
            "disk: /dev/sdb1 is mounted on '/data' in the mount namespace of process 900 "
            "('nginx'); stop it (kill 900), or nsenter -t 900 -m umount /data");
  mount("36 22 8:17 / /data rw - ext4 /dev/sdb1 rw");
  EXPECT_EQ(why(), "disk: /dev/sdb1 is mounted on '/data'; umount /data");
}

TEST_F(GuardStick, FollowsLoopDevicesOnTheDiskAndOnEachOther) {
  back("loop0", "7:0", "/dev/sdb");
  EXPECT_EQ(why(),
            "disk: /dev/loop0 shows '/dev/sdb', which is on a disk of it; losetup -d /dev/loop0");
  back("loop1", "7:1", "/m/inner (deleted)");
  EXPECT_THAT(why(), Not(HasSubstr("loop1")));
  replace_file(fake_.root() / "block/loop0/loop0p1/dev", "259:5\n");
  replace_file(fake_.root() / "block/loop0/loop0p1/partition", "1\n");
  mount("36 22 259:5 / /m rw - ext4 /dev/loop0p1 rw");
  EXPECT_THAT(why(), StartsWith("disk: /dev/loop0p1 is mounted on '/m'; umount /m; "));
  EXPECT_THAT(why(), HasSubstr("/dev/loop1 shows '/m/inner (deleted)', which is on a disk of it"));
  back("loop2", "7:2", "/elsewhere");
  EXPECT_THAT(why(), Not(HasSubstr("loop2")));
}

TEST_F(GuardStick, NamesTheSwapFileOnIt) {
  mount("36 22 8:17 / /data rw - ext4 /dev/sdb1 rw");
  proc_.file("swaps", "Filename\tType\n/data/my\\040swap\t\tfile\t\t1000\t0\t-2\n");
  EXPECT_THAT(why(), HasSubstr("; disk: the host swaps to the file '/data/my swap' on /dev/sdb1; "
                               "swapoff '/data/my swap'"));
}

TEST_F(GuardStick, FollowsCryptOnLvmOnMd) {
  add_device("md5", "9:5");
  replace_file(fake_.root() / "block/md5/md/level", "raid1\n");
  hold(sys(kStick) / "sdb1", "md5");
  add_device("dm-0", "253:0");
  replace_file(fake_.root() / "block/dm-0/dm/name", "my--vg-lv\n");
  replace_file(fake_.root() / "block/dm-0/dm/uuid", "LVM-abc\n");
  hold(fake_.root() / "block/md5", "dm-0");
  add_device("dm-1", "253:1");
  replace_file(fake_.root() / "block/dm-1/dm/name", "secret\n");
  replace_file(fake_.root() / "block/dm-1/dm/uuid", "CRYPT-LUKS2-abc-secret\n");
  hold(fake_.root() / "block/dm-0", "dm-1");
  mount("36 22 253:1 / /data rw - ext4 /dev/mapper/secret rw");
  EXPECT_EQ(why(),
            "disk: /dev/dm-1 (/dev/mapper/secret) is mounted on '/data'; umount /data; "
            "disk: /dev/md5 is built on a disk of it; mdadm --stop /dev/md5; "
            "disk: /dev/dm-0 (/dev/mapper/my--vg-lv) is built on a disk of it; vgchange -an my-vg; "
            "disk: /dev/dm-1 (/dev/mapper/secret) is built on a disk of it; cryptsetup close "
            "/dev/mapper/secret");
}

TEST_F(GuardStick, FollowsBcacheByTheDiskAndByTheCache) {
  add_device("bcache0", "252:0");
  std::filesystem::create_directories(fake_.root() / "block/bcache0/bcache");
  const auto disk = sys(kStick) / "bcache";
  std::filesystem::create_directories(disk);
  std::filesystem::create_symlink(fake_.root() / "block/bcache0", disk / "dev");
  EXPECT_EQ(why(),
            "disk: /dev/bcache0 is built on a disk of it; echo 1 >/sys/block/bcache0/bcache/stop");
  std::filesystem::remove(disk / "dev");
  EXPECT_EQ(why(), "nothing");
  const auto set = fake_.root() / "fs/bcache/6c0f";
  std::filesystem::create_directories(set / "bdev0");
  std::filesystem::create_symlink(fake_.root() / "block/bcache0", set / "bdev0/dev");
  std::filesystem::create_symlink(set, disk / "set");
  EXPECT_THAT(why(), StartsWith("disk: /dev/bcache0 is built on a disk of it; "));
}

TEST_F(GuardStick, NamesWhatUsesADiskWithoutAClaim) {
  const auto place = fake_.root() / "kernel/config/nvmet/subsystems/t/namespaces/1";
  replace_file(place / "device_path", "/dev/sdb\n");
  EXPECT_EQ(why(),
            "disk: the NVMe target (nvmet) has /dev/sdb "
            "('/sys/kernel/config/nvmet/subsystems/t/namespaces/1'); take it out there");
  replace_file(place / "device_path", "/dev/sdc\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(fake_.root() / "kernel/config/target/core/fileio_0/x/info",
               "Status: ACTIVATED\n        TCM FILEIO ID: 0        File: /dev/sdb  Size: 8\n");
  EXPECT_THAT(why(), StartsWith("disk: the SCSI target (LIO) has /dev/sdb ("));
  replace_file(fake_.root() / "kernel/config/target/core/fileio_0/x/info", "\n");
  replace_file(fake_.root() / "block/zram0/backing_dev", "/dev/sdb1\n");
  EXPECT_THAT(why(), StartsWith("disk: the compressed memory (zram) has /dev/sdb1 ("));
}

TEST_F(GuardStick, NamesThePoolOfAMember) {
  replace_file(fake_.root() / "run/udev/data/b8:17",
               "E:ID_FS_LABEL=my tank\nE:ID_FS_TYPE=zfs_member\n");
  EXPECT_EQ(why(), "nothing");
  proc_.file("spl/kstat/zfs/my tank/state", "ONLINE\n");
  EXPECT_EQ(why(), "disk: /dev/sdb1 belongs to the ZFS pool 'my tank'; zpool export 'my tank'");
}

TEST_F(GuardStick, NamesEachMountOfItsOwn) {
  mount("36 22 8:17 / /data rw - ext4 /dev/sdb1 rw");
  mount("37 22 8:17 /sub /srv rw - ext4 /dev/sdb1 rw");
  EXPECT_EQ(why(),
            "disk: /dev/sdb1 is mounted on '/data'; umount /data; disk: /dev/sdb1 is mounted on "
            "'/srv'; umount /srv");
}

TEST_F(GuardStick, DoesNotAdviseToUnmountTheRootOfAContainer) {
  proc_.process(900, "nginx").file("900/mountinfo", "5 1 8:17 / / rw - ext4 /dev/sdb1 rw\n");
  EXPECT_EQ(why(),
            "disk: /dev/sdb1 is mounted on '/' in the mount namespace of process 900 ('nginx'); "
            "stop it (kill 900)");
}

TEST_F(GuardStick, NamesTheWayToTakeApartWhatIsBuiltOnIt) {
  const auto built = [&](const std::string& name, const std::string& uuid) {
    std::filesystem::remove_all(sys(kStick) / "sdb1/holders");
    std::filesystem::remove_all(fake_.root() / "block");
    add_device(name, "147:0");
    if (!uuid.empty()) {
      replace_file(fake_.root() / "block" / name / "dm/name", "mpatha\n");
      replace_file(fake_.root() / "block" / name / "dm/uuid", uuid + "\n");
    }
    hold(sys(kStick) / "sdb1", name);
    return why();
  };
  EXPECT_THAT(built("drbd0", ""), HasSubstr("/dev/drbd0 is built on a disk of it; drbdadm down"));
  EXPECT_THAT(built("dm-0", "mpath-3600"), HasSubstr("; multipath -f /dev/mapper/mpatha"));
  EXPECT_THAT(built("dm-0", "CRYPT-PLAIN"), HasSubstr("; cryptsetup close /dev/mapper/mpatha"));
  EXPECT_THAT(built("dm-0", "DMRAID-x"), HasSubstr("; dmsetup remove /dev/mapper/mpatha or "));
}

// A partition of what is built on a disk goes with it.
TEST_F(GuardStick, NamesNoPartitionOfALoopDevice) {
  back("loop0", "7:0", "/dev/sdb");
  replace_file(fake_.root() / "block/loop0/loop0p1/dev", "259:5\n");
  replace_file(fake_.root() / "block/loop0/loop0p1/partition", "1\n");
  EXPECT_EQ(why(),
            "disk: /dev/loop0 shows '/dev/sdb', which is on a disk of it; losetup -d /dev/loop0");
}

TEST_F(GuardStick, TakesNoLabelForAPool) {
  proc_.file("spl/kstat/zfs/tank/state", "ONLINE\n");
  const auto facts = [&](const std::string& text) {
    replace_file(fake_.root() / "run/udev/data/b8:17", text);
    return why();
  };
  EXPECT_EQ(facts("E:ID_FS_LABEL=tank\nE:ID_FS_TYPE=ext4\n"), "nothing");
  EXPECT_EQ(facts("E:ID_FS_TYPE=zfs_member\n"), "nothing");
  EXPECT_EQ(facts("E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank/state\n"), "nothing");
  EXPECT_EQ(facts("E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=other\n"), "nothing");
  EXPECT_THAT(facts("E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n"), HasSubstr("ZFS pool 'tank'"));
}

TEST_F(GuardStick, NamesTheBtrfsOfAMember) {
  const auto members = fake_.root() / "fs/btrfs/6c0f/devices";
  for (const auto* member : {"sdb1", "sdz"}) replace_file(members / member / "size", "1\n");
  EXPECT_THAT(why(), StartsWith("disk: /dev/sdb1 belongs to a btrfs that the kernel has mounted"));
  mount("36 22 0:40 / /data rw - btrfs /dev/sdz rw");
  EXPECT_EQ(why(), "disk: /dev/sdb1 is mounted on '/data'; umount /data");
}

TEST_F(GuardStick, NamesTheFileSystemWhoseJournalItHas) {
  mount("36 22 8:33 / /data rw - xfs /dev/sdc1 rw,attr2,logdev=/dev/sdb1,noquota");
  EXPECT_EQ(why(), "disk: /dev/sdb1 is mounted on '/data'; umount /data");
}

TEST_F(GuardDisk, KeepsAnExportedController) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  set("0000:02:00.0/nvme/nvme3/model", "x");
  const auto place = fake_.root() / "kernel/config/nvmet/subsystems/t/passthru";
  replace_file(place / "device_path", "/dev/nvme4\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(place / "device_path", "/dev/nvme3\n");
  EXPECT_THAT(why(), StartsWith("disk: the NVMe target (nvmet) has /dev/nvme3 ('/sys/kernel/"));
}

TEST_F(GuardDisk, NameTheArrayThatIsBuiltOnADisk) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  const std::filesystem::path disk = "0000:02:00.0/nvme/nvme0/nvme0n1";
  add_node(disk, "259:0", "nvme0n1", "block");
  const auto array = fake_.root() / "class/block/md0";
  replace_file(array / "dev", "9:0\n");
  replace_file(array / "md/level", "raid1\n");
  const auto holders = fake_.root() / "bus/pci/devices" / disk / "holders";
  std::filesystem::create_directories(holders);
  std::filesystem::create_symlink(array, holders / "md0");
  EXPECT_EQ(why(), "disk: /dev/md0 is built on a disk of it; mdadm --stop /dev/md0");
  proc_.file("self/mountinfo", "36 22 9:0 / /data rw - ext4 /dev/md0 rw\n");
  EXPECT_THAT(why(),
              StartsWith("disk: /dev/md0 is mounted on '/data'; umount /data; disk: /dev/md0"));
}

TEST_F(GuardDisk, KeepADiskThatTheKernelHasClaimed) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  // A loop device of this machine that nobody uses. It stands for a disk.
  std::string name;
  FileDescriptor owner;
  for (int number = 0; number < 8 && !owner; ++number) {
    name = "loop" + std::to_string(number);
    owner = FileDescriptor(::open(("/dev/" + name).c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  }
  if (!owner) GTEST_SKIP() << "there is no loop device that may be opened, as root may";
  const std::filesystem::path disk = "0000:02:00.0/nvme/nvme0/disk";
  add_node(disk, std::string(trim(*read_file("/sys/class/block/" + name + "/dev"))), name, "block");
  EXPECT_EQ(why(), "disk: the kernel has claimed /dev/" + name +
                       " (for a file system or a pool); release it there");
  EXPECT_EQ(why({"disk"}), "nothing");
  for (const auto& folder : {proc_.root(), fake_.root()}) {
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
  }
  ASSERT_EQ(::seteuid(65534), 0);
  const auto seen = why({"holder"});
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(seen, "disk: only root can ask the kernel whether it has claimed /dev/" + name +
                      "; run gpupci as root");

  // The /dev of a container lacks the node, or has another one under that name.
  const auto own = fake_.root() / "bus/pci/devices" / disk / "uevent";
  replace_file(own, "DEVNAME=nvme0n1-of-the-host\n");
  EXPECT_EQ(why(), "nothing");
  const auto node = proc_.root() / "1/root/dev/nvme0n1-of-the-host";
  std::filesystem::create_directories(node.parent_path());
  std::filesystem::create_symlink("/dev/" + name, node);
  EXPECT_EQ(why(),
            "disk: the kernel has claimed /dev/nvme0n1-of-the-host (for a file system or a pool); "
            "release it there");
  set(disk / "dev", "259:1023");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardDisk, FindTheDiskOfAnNvmeWithSeveralPaths) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  set("0000:02:00.0/nvme/nvme1/nvme2c1n3/size", "8");
  const auto disk = fake_.root() / "class/block/nvme2n3";
  replace_file(disk / "dev", "259:7\n");
  std::filesystem::create_symlink("../../block", disk / "subsystem");
  proc_.file("self/mountinfo", "36 22 259:7 / /data rw - ext4 /dev/nvme2n3 rw\n");
  EXPECT_EQ(why(), "disk: /dev/nvme2n3 is mounted on '/data'; umount /data");
}

TEST_F(GuardDisk, ReadsTheBlanksOfAMountAndQuotesIt) {
  settings_.vendors = {0x144d};
  settings_.classes = {0x0108};
  fake_.add({"0000:02:00.0", "0108", "144d:a804", "nvme", 13});
  add_node("0000:02:00.0/nvme/nvme0/nvme0n1", "259:0", "nvme0n1", "block");
  proc_.file("self/mountinfo",
             "36 22 259:0 / /a\\040b'\\073\\040reboot rw - ext4 /dev/nvme0n1 rw\n");
  EXPECT_EQ(why(),
            "disk: /dev/nvme0n1 is mounted on '/a b\\x27; reboot'; umount '/a b'\\''; reboot'");
  proc_.file("self/mountinfo", "36 22 259:0 / /a\\01 rw - ext4 /dev/nvme0n1 rw\n");
  EXPECT_THAT(why(), HasSubstr("is mounted on '/a\\01'; "));
}

}  // namespace
}  // namespace cluster::agent
