#include <gmock/gmock.h>

#include <string>

#include "node-agent/kernel/process_table.h"
#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A process that is ending, or whose name tells nothing, may still have a card.
class ProcessEnds : public ::testing::Test {
 protected:
  std::set<pid_t> ending() const {
    Wanted wanted;
    wanted.nodes = {{kNull, "/dev/null"}};
    return ProcessTable(proc_.root()).find(wanted).ending;
  }

  FakeProc proc_;
};

// PF_EXITING is 0x4, PF_KTHREAD 0x200000 (include/linux/sched.h).
TEST_F(ProcessEnds, AreKnownByTheStateOfTheTask) {
  struct Case {
    const char* stat;
    bool ends;
    const char* why;
  };
  for (const auto& one : {
           Case{"812 (train) D 1 1 1 0 -1 4194308 0", true, "its driver does not let go"},
           Case{"812 (train) R 1 1 1 0 -1 4 0", true, "its memory goes"},
           Case{"812 (a) b) D 1 1 1 0 -1 4 0", true, "a name with a parenthesis"},
           Case{"812 (x) Z 1 1 1 0 -1 4194308 0", false, "it has ended"},
           Case{"812 (x) X 1 1 1 0 -1 4194308 0", false, "it has ended"},
           Case{"812 (x) D 1 1 1 0 -1 4194304 0", false, "it waits for a disk"},
           Case{"812 (kworker/0:1) I 2 0 0 0 -1 2097156 0", false, "a thread of the kernel"},
           Case{"812 (x) D 1", false, "no flags"},
           Case{"812 x D 1 1 1 0 -1 4 0", false, "no name"},
           Case{"", false, "nothing"},
       }) {
    proc_.process(812, "x").file("812/task/812/stat", one.stat);
    EXPECT_EQ(ending().contains(812), one.ends) << one.why;
  }
}

TEST_F(ProcessEnds, AreThoseOfAnyThread) {
  proc_.process(812, "x")
      .file("812/task/812/stat", "812 (x) Z 1 1 1 0 -1 4194308 0")
      .file("812/task/815/stat", "815 (x) D 1 1 1 0 -1 4194308 0");
  EXPECT_THAT(ending(), ElementsAre(812)) << "its last thread closes the files of all";
}

TEST_F(ProcessEnds, AreNoneOfAProgramThatHasItsMemory) {
  proc_.process(812, "x").file("812/task/815/stat", "815 (x) D 1 1 1 0 -1 4194308 0");
  std::filesystem::create_symlink("/bin/sh", proc_.root() / "812/exe");
  EXPECT_THAT(ending(), IsEmpty()) << "one thread ends, and the files stay";
}

TEST_F(ProcessEnds, StillShowTheFilesOfAProgramWhoseMemoryGoes) {
  proc_.process(812, "x")
      .open(812, 3, "/dev/null")
      .file("812/task/812/stat", "812 (x) R 1 1 1 0 -1 4 0");
  const auto handles = ProcessTable(proc_.root()).find({kNull});
  EXPECT_THAT(handles.found, ElementsAre(Handle{812, kNull}));
  EXPECT_THAT(handles.ending, ElementsAre(812)) << "what it has mapped does not show";
}

TEST(ProcessNames, AreNeverTakenForAProcessThatHasGone) {
  FakeProc proc;
  const ProcessTable processes(proc.root());
  for (const auto* nothing : {"", "\n", "   \n", "\t\n"}) {
    proc.process(812, "x").file("812/comm", nothing);
    EXPECT_EQ(processes.describe(812).command, "?") << '"' << nothing << '"';
  }
  std::filesystem::remove(proc.root() / "812/comm");
  EXPECT_EQ(processes.describe(812).command, "?") << "the kernel does not tell";
  std::filesystem::remove_all(proc.root() / "812");
  EXPECT_EQ(processes.describe(812).command, "") << "it has gone";
}

// QEMU doubles a comma that belongs to a value.
TEST(VmNames, MayHaveCommas) {
  FakeProc proc;
  struct Case {
    std::string argument;
    std::string name;
  };
  for (const auto& one :
       {Case{"guest=a,,b,debug-threads=on", "a,b"}, Case{"guest=a,,", "a,"},
        Case{"guest=a,,,,b", "a,,b"}, Case{"guest=a,,,debug-threads=on", "a,"},
        Case{"plain,,name", "plain,name"}, Case{"guest=a=b,process=qemu", "a=b"},
        Case{"process=qemu,guest=late", "late"}, Case{"process=qemu,plain", "plain"},
        Case{"process=qemu", ""}, Case{"guest=", ""}}) {
    proc.process(812, "qemu").file("812/cmdline", std::string("qemu\0-name\0", 11) + one.argument);
    EXPECT_EQ(ProcessTable(proc.root()).vm(812).name, one.name) << one.argument;
  }
}

// A blank is "\040" there. A stat of a file on such a mount may wait for ever.
TEST(RemoteMounts, AreKnownWhateverTheirName) {
  const TempDir folder;
  const auto share = folder.path() / "my share";
  std::filesystem::create_directories(share);
  std::filesystem::create_symlink("/dev/null", share / "node");
  FakeProc proc;
  proc.process(812, "vim").open(812, 3, share / "node");
  const auto found = [&](const std::string& type) {
    proc.file("self/mountinfo", "36 1 0:41 / " + folder.path().native() + "/my\\040share rw - " +
                                    type + " server:/x rw\n");
    return ProcessTable(proc.root()).find({kNull}).found;
  };
  for (const auto* remote : {"nfs", "nfs4", "cifs", "ceph", "9p", "lustre", "fuse.sshfs", "fuse"}) {
    EXPECT_THAT(found(remote), IsEmpty()) << remote;
  }
  for (const auto* local : {"ext4", "xfs", "tmpfs", "overlay"}) {
    EXPECT_THAT(found(local), ElementsAre(Handle{812, kNull})) << local;
  }
}

}  // namespace
}  // namespace cluster::agent
