#include <chrono>
#include <thread>

#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Users of a card that no table of open files shows.
class UnseenUsers : public GuardedCard {
 protected:
  UnseenUsers() {
    fake_.add_card("0000:02:00", 1, 13);
    add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  }

  void end(int pid, const std::string& command) {
    proc_.process(pid, command)
        .file(std::to_string(pid) + "/task/" + std::to_string(pid) + "/stat",
              std::to_string(pid) + " (x) D 1 1 1 0 -1 4194308 0");
  }

  // What NVIDIA's driver tells of the memory of the card.
  std::string with_memory(const std::string& status) {
    proc_.file("driver/nvidia/gpus/0000:02:00.0/numa_status", status);
    return why();
  }
};

TEST_F(UnseenUsers, AreToldOfWithoutAName) {
  proc_.process(812, "").open(812, 9, "/dev/null");
  EXPECT_EQ(why(), "holder: process 812 ('?') has /dev/dri/card0 open; stop it (kill 812)");
}

TEST_F(UnseenUsers, OfVfioAreToldOfWithoutAName) {
  replace_file(fake_.root() / "class/vfio/13/dev", "1:5\n");
  proc_.process(812, " ").open(812, 9, "/dev/zero");
  EXPECT_EQ(why_not_attach(), "vm: process 812 ('?') has /dev/13 open; stop it (kill 812)");
}

TEST_F(UnseenUsers, MayBeThoseThatAreEnding) {
  end(812, "python3");
  const auto one =
      "holder: process 812 ('python3') is ending, and the kernel does not show what is still "
      "open: it may be this; wait until it has gone; when it stays, cat /proc/812/stack tells "
      "what it waits for";
  EXPECT_EQ(why(), one);
  EXPECT_EQ(why({"holder"}), "nothing");
  end(813, "other");
  end(814, "third");
  EXPECT_THAT(why(), StartsWith("holder: process 812 ('python3') and 2 others are ending, and "));
}

TEST_F(UnseenUsers, ThatAreEndingAreWaitedFor) {
  end(812, "python3");
  settle_time_ = std::chrono::minutes(1);
  const std::jthread gone([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    proc_.file("812/task/812/stat", "812 (x) Z 1 1 1 0 -1 4194308 0");
  });
  EXPECT_EQ(why(), "nothing");
}

TEST_F(UnseenUsers, ThatAreEndingMayHaveItOfVfioToo) {
  end(812, "qemu-system-x86");
  EXPECT_EQ(why_not_attach(), "nothing") << "nobody can have it of vfio";
  replace_file(fake_.root() / "class/vfio/13/dev", "243:13\n");
  EXPECT_THAT(why_not_attach(), StartsWith("vm: process 812 ('qemu-system-x86') is ending, and "));
}

// On Grace Hopper the memory of a card is a NUMA node: programs without any open file use it.
TEST_F(UnseenUsers, MayHaveItsMemory) {
  EXPECT_EQ(with_memory("Node:      1\nStatus:    online\nAddress:   42000000000\n"
                        "Size:      1800000000\n"),
            "holder: the memory of 0000:02:00.0 is the host's (NUMA node 1, online): any program "
            "may have some of it; nvidia-smi -pm 0 -i 0000:02:00.0, and end what uses that node "
            "(numastat -p)");
  EXPECT_EQ(why({"holder"}), "nothing");
  fake_.set_driver(kVideo, "vfio-pci");
  EXPECT_EQ(why(), "nothing") << "the file is left over";
}

TEST_F(UnseenUsers, HaveItsMemoryOnlyWhileItIsTheHosts) {
  const std::string place = "Address:   42000000000\nSize:      1800000000\n";
  for (const auto* in_use : {"online", "online_in_progress", "numa_online_failed",
                             "offline_in_progress", "offline_failed"}) {
    EXPECT_THAT(with_memory("Node:      1\nStatus:    " + std::string(in_use) + "\n" + place),
                HasSubstr(std::string("(NUMA node 1, ") + in_use + ")"));
  }
  for (const auto* free : {"offline", "disabled"}) {
    EXPECT_EQ(with_memory("Node:      1\nStatus:    " + std::string(free) + "\n" + place),
              "nothing")
        << free;
  }
  EXPECT_EQ(with_memory("Node:      1\nStatus:    online\n"), "nothing")
      << "without an address the driver has not begun, and knows nothing";
  EXPECT_EQ(with_memory(""), "nothing");
}

TEST_F(UnseenUsers, AreNoneWhenSomebodyElseIsNamed) {
  proc_.process(812, "Xorg").open(812, 9, "/dev/null");
  EXPECT_THAT(why(), Not(HasSubstr("may use it")));
}

}  // namespace
}  // namespace cluster::agent
