#include <fcntl.h>

#include "core/text.h"
#include "node-agent/guard/guard.h"
#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
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
  set(disk / "dev", "259:1023");  // /dev has another one under that name
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
