#include "node-agent/kernel/block_stack.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

// A host with the disks /dev/sda (8:0) and /dev/sdb (8:16); each has one partition.
class Stack : public ::testing::Test {
 protected:
  Stack() {
    add("block/sda", "8:0");
    add("block/sda/sda1", "8:1");
    add("block/sdb", "8:16");
    add("block/sdb/sdb1", "8:17");
    for (const auto* part : {"block/sda/sda1", "block/sdb/sdb1"}) {
      replace_file(sys(part) / "partition", "1\n");
    }
  }

  fs::path sys(const std::string& folder) const { return sys_.path() / folder; }

  void add(const std::string& folder, const std::string& number) {
    replace_file(sys(folder) / "dev", number + "\n");
  }

  void hold(const std::string& disk, const std::string& holder) {
    fs::create_directories(sys(disk) / "holders");
    fs::create_directory_symlink(sys(holder), sys(disk) / "holders" / fs::path(holder).filename());
  }

  void loop(const std::string& name, const std::string& number, const std::string& file) {
    add("block/" + name, number);
    replace_file(sys("block/" + name) / "loop/backing_file", file + "\n");
  }

  BlockStack of_sdb() {
    mounts_ = mounts_in(table_);
    return {sysfs_, {sys("block/sdb")}, mounts_};
  }

  // What is built on /dev/sdb, and on its partition.
  std::vector<std::string> above_sdb() {
    std::vector<std::string> paths;
    const auto stack = of_sdb();
    for (const auto& device : stack.devices()) {
      if (device.on_top) paths.push_back(device.path);
    }
    return paths;
  }

  TempDir sys_;
  Sysfs sysfs_{sys_.path()};
  std::string table_ = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
  std::vector<Mount> mounts_;
};

TEST_F(Stack, HasTheDiskAndItsPartitions) {
  const auto stack = of_sdb();
  ASSERT_EQ(stack.devices().size(), 2U);
  EXPECT_EQ(stack.devices()[0].path, "/dev/sdb");
  EXPECT_EQ(stack.devices()[1].path, "/dev/sdb1");
  EXPECT_EQ(stack.devices()[1].number, "8:17");
  EXPECT_FALSE(stack.devices()[1].on_top);
  EXPECT_EQ(stack.find("/dev/sdb1"), &stack.devices()[1]);
  EXPECT_EQ(stack.find("/dev/sda1"), nullptr);
  EXPECT_EQ(stack.find("/dev/mapper/"), nullptr);
  EXPECT_EQ(stack.find(""), nullptr);
}

// The names of a node, Documentation/ABI/testing/sysfs-uevent and drivers/base/core.c.
TEST_F(Stack, CallsADeviceAsTheKernelDoes) {
  add("block/cciss!c0d0", "104:0");
  add("block/md127", "9:127");
  replace_file(sys("block/md127") / "uevent", "MAJOR=9\nMINOR=127\nDEVNAME=md/data\n");
  hold("block/sdb", "block/cciss!c0d0");
  hold("block/sdb/sdb1", "block/md127");
  EXPECT_THAT(above_sdb(), UnorderedElementsAre("/dev/cciss/c0d0", "/dev/md/data"));
}

TEST_F(Stack, HasWhatHoldsADiskToAnyDepth) {
  add("block/dm-0", "253:0");
  replace_file(sys("block/dm-0") / "dm/name", "luks-data\n");
  add("block/dm-1", "253:1");
  add("block/md0", "9:0");
  hold("block/sdb/sdb1", "block/dm-0");
  hold("block/dm-0", "block/dm-1");
  hold("block/sda/sda1", "block/md0");  // of the other disk
  EXPECT_THAT(above_sdb(), ElementsAre("/dev/dm-0", "/dev/dm-1"));
  const auto stack = of_sdb();
  const auto* mapped = stack.find("/dev/mapper/luks-data");
  ASSERT_NE(mapped, nullptr);
  EXPECT_EQ(mapped->path, "/dev/dm-0");
  EXPECT_EQ(stack.find("/dev/mapper/luks"), nullptr);
  // One that two disks of the stack hold is there once.
  hold("block/sdb", "block/dm-1");
  EXPECT_THAT(above_sdb(), UnorderedElementsAre("/dev/dm-0", "/dev/dm-1"));
}

TEST_F(Stack, HasTheBcacheOfADiskAndThoseThatACacheServes) {
  for (const auto* number : {"0", "1"}) {
    const auto name = std::string("bcache") + number;
    add("block/" + name, std::string("252:") + number);
    const auto served = sys("fs/bcache/uuid/bdev" + std::string(number));
    fs::create_directories(served);
    fs::create_directory_symlink(sys("block/" + name), served / "dev");
  }
  fs::create_directories(sys("fs/bcache/uuid/cache0"));
  fs::create_directory_symlink(sys("block/sda"), sys("fs/bcache/uuid/cache0") / "dev");
  fs::create_directories(sys("block/sdb/bcache"));
  fs::create_directory_symlink(sys("fs/bcache/uuid"), sys("block/sdb/bcache") / "set");
  EXPECT_THAT(above_sdb(), UnorderedElementsAre("/dev/bcache0", "/dev/bcache1"));
  fs::remove(sys("block/sdb/bcache") / "set");
  EXPECT_THAT(above_sdb(), IsEmpty());
  fs::create_directory_symlink(sys("block/bcache1"), sys("block/sdb/bcache") / "dev");
  EXPECT_THAT(above_sdb(), ElementsAre("/dev/bcache1"));
}

TEST_F(Stack, HasTheLoopsOfADiskAndOfFilesOnIt) {
  table_ += "36 22 8:17 / /data rw - ext4 /dev/sdb1 rw\n";
  loop("loop0", "7:0", "/data/image (deleted)");
  loop("loop1", "7:1", "/home/image");  // on the other disk
  loop("loop2", "7:2", "/dev/sdb");
  loop("loop3", "7:3", "");
  loop("loop4", "7:4", "/dev/sdb1 (deleted)");
  EXPECT_THAT(above_sdb(), UnorderedElementsAre("/dev/loop0", "/dev/loop2", "/dev/loop4"));
  const auto stack = of_sdb();
  EXPECT_EQ(stack.find("/dev/loop0")->file, "/data/image (deleted)");
  EXPECT_EQ(stack.find("/dev/loop1"), nullptr);
  EXPECT_EQ(stack.below_file("/data/any")->path, "/dev/sdb1");
  EXPECT_EQ(stack.below_file("/home/any"), nullptr);
}

// The first loop lies on the file system of the second, and is looked at before it.
TEST_F(Stack, HasALoopOnALoop) {
  table_ +=
      "36 22 8:17 / /data rw - ext4 /dev/sdb1 rw\n"
      "37 36 7:1 / /data/inner rw - ext4 /dev/loop1 rw\n";
  loop("loop0", "7:0", "/data/inner/image");
  loop("loop1", "7:1", "/data/image");
  EXPECT_THAT(above_sdb(), UnorderedElementsAre("/dev/loop0", "/dev/loop1"));
}

// A kernel without /sys/block (CONFIG_SYSFS_DEPRECATED off, and a container that hides it).
TEST_F(Stack, FindsLoopsInEitherFolderOfTheKernel) {
  table_ += "36 22 8:17 / /data rw - ext4 /dev/sdb1 rw\n";
  add("class/block/loop0", "7:0");
  replace_file(sys("class/block/loop0") / "loop/backing_file", "/data/image\n");
  EXPECT_THAT(above_sdb(), ElementsAre("/dev/loop0"));
}

TEST_F(Stack, KnowsTheDeviceThatAMountNeeds) {
  const auto stack = of_sdb();
  const auto under = [&](const std::string& line) {
    const auto mounts = mounts_in(line + "\n");
    const auto* device = mounts.empty() ? nullptr : stack.under(mounts[0]);
    return device == nullptr ? "none" : device->path;
  };
  EXPECT_EQ(under("36 22 8:17 / /x rw - ext4 /dev/other rw"), "/dev/sdb1");
  EXPECT_EQ(under("36 22 8:1 / /x rw - ext4 /dev/sda1 rw"), "none");
  EXPECT_EQ(under("36 22 0:40 / /x rw - btrfs /dev/sdb rw"), "/dev/sdb");
  EXPECT_EQ(under("36 22 0:40 / /x rw - bcachefs /dev/sda1:/dev/sdb1 rw"), "/dev/sdb1");
  EXPECT_EQ(under("36 22 0:41 / /x rw - tmpfs sdb rw"), "none");
  EXPECT_EQ(under("36 22 8:1 / /x rw - xfs /dev/sda1 rw,logdev=/dev/sdb1,noquota"), "/dev/sdb1");
  EXPECT_EQ(under("36 22 8:1 / /x rw - ext4 /dev/sda1 rw,journal_path=/dev/sdb"), "/dev/sdb");
  EXPECT_EQ(under("36 22 8:1 / /x rw - xfs /dev/sda1 rw,logdev=/dev/sda"), "none");
}

// A btrfs of two disks is mounted by the name of the one that is not ours.
TEST_F(Stack, KnowsTheMembersOfABtrfs) {
  for (const auto* disk : {"sda1", "sdb1"}) {
    replace_file(sys("fs/btrfs/uuid-of-both/devices") / disk / "size", "1\n");
  }
  replace_file(sys("fs/btrfs/uuid-of-one/devices/sda") / "size", "1\n");
  replace_file(sys("fs/btrfs/features/raid56"), "0\n");
  const auto stack = of_sdb();
  const auto members = stack.btrfs_members();
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0]->path, "/dev/sdb1");
  const auto under = [&](const std::string& source) {
    const auto mounts = mounts_in("36 22 0:40 / /x rw - btrfs " + source + " rw\n");
    const auto* device = stack.under(mounts[0]);
    return device == nullptr ? "none" : device->path;
  };
  EXPECT_EQ(under("/dev/sda1"), "/dev/sdb1");
  EXPECT_EQ(under("/dev/sda"), "none");
}

// The kernel calls a member by a name that nobody else uses; its number tells which device it is.
TEST_F(Stack, KnowsAMemberOfABtrfsByItsNumber) {
  replace_file(sys("fs/btrfs/uuid/devices/dm-7") / "dev", "8:17\n");
  ASSERT_EQ(of_sdb().btrfs_members().size(), 1U);
  replace_file(sys("fs/btrfs/uuid/devices/dm-7") / "dev", "8:1\n");
  EXPECT_THAT(of_sdb().btrfs_members(), IsEmpty());
}

// A container mounted the disk where our namespace has a folder of another one.
TEST_F(Stack, LooksForAFileInEachMountNamespace) {
  auto mounts = mounts_in(table_);
  for (const auto& other : mounts_in("36 22 8:17 / /data rw - ext4 /dev/sdb1 rw\n", 900)) {
    mounts.push_back(other);
  }
  const BlockStack stack(sysfs_, {sys("block/sdb")}, mounts);
  ASSERT_NE(stack.below_file("/data/image"), nullptr);
  EXPECT_EQ(stack.below_file("/data/image")->path, "/dev/sdb1");
  EXPECT_EQ(stack.below_file("/home/image"), nullptr);
  EXPECT_EQ(stack.below_file("image"), nullptr);
}

// Any name of a node leads to the device with its number, and that of a character device does not.
TEST_F(Stack, KnowsADeviceByAnotherNodeOfIt) {
  add("block/sdb/part3", "1:3");
  replace_file(sys("block/sdb/part3") / "partition", "3\n");
  EXPECT_EQ(of_sdb().find("/dev/null"), nullptr);
  EXPECT_EQ(of_sdb().find("/dev/rollcall-has-none"), nullptr);
  struct stat status {};
  for (const auto& node : fs::directory_iterator("/dev")) {
    if (::stat(node.path().c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) continue;
    const auto number =
        std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev));
    EXPECT_EQ(of_sdb().find(node.path().native()), nullptr);
    add("block/sdb/other", number);
    replace_file(sys("block/sdb/other") / "partition", "4\n");
    const auto stack = of_sdb();
    ASSERT_NE(stack.find(node.path().native()), nullptr) << node.path();
    EXPECT_EQ(stack.find(node.path().native())->path, "/dev/other");
    return;
  }
  GTEST_SKIP() << "no node of a block device in /dev";
}

TEST_F(Stack, OfWhatIsNoDiskIsEmpty) {
  const std::vector<Mount> none;
  EXPECT_THAT(BlockStack(sysfs_, {sys("block/none")}, none).devices(), IsEmpty());
  EXPECT_THAT(BlockStack(sysfs_, {}, none).devices(), IsEmpty());
}

}  // namespace
}  // namespace cluster::agent
