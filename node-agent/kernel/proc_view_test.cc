#include "node-agent/kernel/proc_view.h"

#include <gtest/gtest.h>

#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

class ProcView : public ::testing::Test {
 protected:
  // Gives a process ("self", "1") a pid namespace.
  void set(const std::string& process, const std::string& number) {
    fs::create_directories(proc_.root() / process / "ns");
    fs::remove(proc_.root() / process / "ns/pid");
    fs::create_symlink("pid:[" + number + "]", proc_.root() / process / "ns/pid");
  }
  std::string what() const { return blind_spot(proc_.root()).what; }

  FakeProc proc_;
};

TEST_F(ProcView, ShowsAllInTheNamespaceOfTheHost) {
  EXPECT_EQ(what(), "") << "nothing tells a namespace";
  set("self", "4026531836");
  EXPECT_EQ(what(), "") << "the first process may not be looked into";
  set("1", "4026531836");
  EXPECT_EQ(what(), "");
  // `unshare --pid --fork` alone leaves the host's /proc in place.
  set("self", "4026532999");
  EXPECT_EQ(what(), "");
}

TEST_F(ProcView, HidesTheHostInANamespaceOfItsOwn) {
  set("self", "4026532999");
  EXPECT_NE(what(), "");
  set("1", "4026532999");
  EXPECT_EQ(what(),
            "gpupci is in a pid namespace of its own and does not see the programs of the host");
  EXPECT_NE(blind_spot(proc_.root()).fix, "");
  // A program of the host that has entered the mounts of a container.
  fs::remove_all(proc_.root() / "self");
  EXPECT_NE(what(), "");
}

TEST_F(ProcView, HidesOthersWhereTheFirstProcessIsHidden) {
  fs::remove_all(proc_.root() / "1");
  EXPECT_NE(what().find("does not show the first process"), std::string::npos);
  EXPECT_NE(blind_spot("/nonexistent").what, "");
}

// systemd mounts it so for a unit with ProcSubset=pid.
TEST_F(ProcView, HidesTheHostWhereItShowsProcessesOnly) {
  const auto with = [&](const std::string& lines) {
    proc_.file("self/mountinfo", lines);
    return what();
  };
  const auto line = [&](const std::string& point, const std::string& options) {
    return "5 1 0:5 / " + point + " rw - proc proc " + options + "\n";
  };
  const auto here = proc_.root().native();
  const auto hidden = here + " shows processes and nothing else of the host (subset=pid)";
  EXPECT_EQ(with(line(here, "rw")), "");
  EXPECT_EQ(with(line(here, "rw,hidepid=invisible")), "");
  EXPECT_EQ(with(line(here, "rw,subset=pid")), hidden);
  EXPECT_EQ(with(line(here, "rw,hidepid=invisible,subset=pid")), hidden);
  EXPECT_EQ(with(line(here, "rw") + line(here, "rw,subset=pid")), hidden);
  EXPECT_EQ(with(line(here, "rw,subset=pid") + line(here, "rw")), "") << "the last is on top";
  EXPECT_EQ(with(line("/elsewhere", "rw,subset=pid")), "");
  EXPECT_EQ(with("5 1 0:5 / " + here + " rw - fuse lxcfs rw,subset=pid\n"), "")
      << "no file system of the kernel's";
}

TEST(RealProcView, OfTheseTestsIsJudged) {
  EXPECT_EQ(blind_spot("/proc").what.empty(), blind_spot("/proc").fix.empty());
}

}  // namespace
}  // namespace cluster::agent
