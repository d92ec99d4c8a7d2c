#include "node-agent/kernel/mounts.h"

#include <gmock/gmock.h>

#include "node-agent/kernel/namespaces.h"
#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kOwn =
    "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
    "36 22 259:1 / /my\\040data rw - xfs /dev/nvme0n1p1 rw,logdev=/dev/sdb\n"
    "garbage\n"
    "40 22 0:40 / /my\\040data/deep rw - tmpfs tmpfs rw\n";

class Mounts : public ::testing::Test {
 protected:
  void live_in(int pid, const std::string& kind, const std::string& id) {
    fs::create_directories(proc_.root() / std::to_string(pid) / "ns");
    fs::create_symlink(kind + ":[" + id + "]", proc_.root() / std::to_string(pid) / "ns" / kind);
  }
  std::vector<std::string> points() const {
    std::vector<std::string> all;
    for (const auto& one : all_mounts(proc_.root())) {
      all.push_back(one.point + (one.pid == 0 ? "" : " of " + std::to_string(one.pid)));
    }
    return all;
  }

  FakeProc proc_;
};

TEST_F(Mounts, AreReadWithBlanksAndOptions) {
  const auto mounts = mounts_in(kOwn, 7);
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[1].number, "259:1");
  EXPECT_EQ(mounts[1].point, "/my data");
  EXPECT_EQ(mounts[1].type, "xfs");
  EXPECT_EQ(mounts[1].source, "/dev/nvme0n1p1");
  EXPECT_EQ(mounts[1].options, "rw,logdev=/dev/sdb");
  EXPECT_EQ(mounts[1].pid, 7);
}

TEST_F(Mounts, TellOnWhichAFileLies) {
  const auto mounts = mounts_in(kOwn);
  const auto point = [&](std::string_view file) { return mount_of(mounts, file)->point; };
  EXPECT_EQ(point("/my data/image"), "/my data");
  EXPECT_EQ(point("/my data"), "/my data");
  EXPECT_EQ(point("/my datafile"), "/");
  EXPECT_EQ(point("/my data/deep/image"), "/my data/deep");
  EXPECT_EQ(mount_of(mounts, "socket:[7]"), nullptr);
  EXPECT_EQ(mount_of(mounts, "/image", 7), nullptr);
}

TEST_F(Mounts, AreThoseOfEachNamespaceOnce) {
  proc_.file("self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  for (const auto pid : {1, 800, 801, 802}) {
    proc_.process(pid, "p").file(std::to_string(pid) + "/mountinfo",
                                 "1 0 8:2 / /" + std::to_string(pid) + " rw - ext4 /dev/sdb rw\n");
  }
  live_in(1, "mnt", "11");
  live_in(800, "mnt", "11");
  live_in(801, "mnt", "12");
  live_in(802, "mnt", "12");
  EXPECT_THAT(points(), ElementsAre("/", "/801 of 801"));
}

TEST_F(Mounts, AreReadEvenWhereTheNamespaceIsNotTold) {
  proc_.file("self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  proc_.process(800, "p").file("800/mountinfo", "1 0 8:2 / /x rw - ext4 /dev/sdb rw\n");
  proc_.process(801, "p");
  EXPECT_THAT(points(), ElementsAre("/", "/x of 800"));
}

TEST_F(Mounts, NamespacesOfOurOwnAreKnown) {
  EXPECT_FALSE(is_in_own_namespace(proc_.root(), "net"));
  live_in(1, "net", "11");
  EXPECT_FALSE(is_in_own_namespace(proc_.root(), "net"));
  fs::create_directories(proc_.root() / "self/ns");
  fs::create_symlink("net:[11]", proc_.root() / "self/ns/net");
  EXPECT_FALSE(is_in_own_namespace(proc_.root(), "net"));
  fs::remove(proc_.root() / "self/ns/net");
  fs::create_symlink("net:[12]", proc_.root() / "self/ns/net");
  EXPECT_TRUE(is_in_own_namespace(proc_.root(), "net"));
}

}  // namespace
}  // namespace cluster::agent
