#include "node-agent/kernel/process_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Processes : public ::testing::Test {
 protected:
  std::set<Handle> find(const std::set<DeviceNumber>& wanted) const {
    return ProcessTable(proc_.root()).find(wanted).found;
  }

  FakeProc proc_;
};

TEST_F(Processes, AreFoundByTheNumberOfWhatTheyHaveOpen) {
  const TempDir container;
  std::filesystem::create_symlink("/dev/null", container.path() / "nvidia0");
  proc_.process(812, "Xorg").open(812, 3, "/dev/null").open(812, 4, "/dev/zero");
  proc_.process(900, "python").open(900, 0, container.path() / "nvidia0");
  proc_.process(901, "sh").open(901, 0, "/dev/full").open(901, 1, "/etc/passwd");
  proc_.process(902, "curl").open(902, 5, "socket:[4711]").open(902, 6, "/gone");
  EXPECT_THAT(find({kNull}), ElementsAre(Handle{812, kNull}, Handle{900, kNull}));
  EXPECT_THAT(find({kNull, kZero}),
              ElementsAre(Handle{812, kNull}, Handle{812, kZero}, Handle{900, kNull}));
  EXPECT_THAT(find({{S_IFBLK, 1, 3}}), IsEmpty());  // a block device is another one
  EXPECT_THAT(find({}), IsEmpty());
}

// A shell may have opened the card's node before it became gpupci: `exec gpupci -d all
// </dev/dri/card0`.
TEST(ProcessTable, FindsItsOwnProcessToo) {
  const FileDescriptor zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(ProcessTable("/proc").find({kZero}).found.contains({::getpid(), kZero}));
}

TEST_F(Processes, AreFoundByWhatTheyOnlyMapped) {
  proc_.process(812, "gnome-shell")
      .map(812, "400000-401000", "/etc/passwd")
      .map(812, "7f0000000000-7f0000001000", "/dev/zero");
  proc_.process(813, "other").map(813, "500000-501000", "/etc/passwd");
  EXPECT_THAT(find({kZero}), ElementsAre(Handle{812, kZero}));
}

TEST_F(Processes, AreFoundWhenTheirMainThreadHasEnded) {
  proc_.process(812, "daemon");
  std::filesystem::create_directories(proc_.root() / "812/task/815/fd");
  std::filesystem::create_symlink("/dev/zero", proc_.root() / "812/task/815/fd/7");
  EXPECT_THAT(find({kZero}), ElementsAre(Handle{812, kZero}));
}

TEST_F(Processes, ThatEndMeanwhileAreNoMatter) {
  std::filesystem::create_directories(proc_.root() / "812");
  const auto handles = ProcessTable(proc_.root()).find({kNull});
  EXPECT_THAT(handles.found, IsEmpty());
  EXPECT_THAT(handles.unreadable, IsEmpty());
}

TEST_F(Processes, AreNotReadOverANetworkThatMayBeDead) {
  const TempDir remote;
  std::filesystem::create_symlink("/dev/null", remote.path() / "node");
  proc_.process(812, "vim").open(812, 3, remote.path() / "node");
  proc_.file("self/mountinfo",
             "36 1 0:41 / " + remote.path().native() + " rw shared:1 - nfs4 server:/x rw\n");
  EXPECT_THAT(find({kNull}), IsEmpty());
  proc_.file("self/mountinfo",
             "36 1 0:41 / " + remote.path().native() + " rw shared:1 - ext4 /dev/sda1 rw\n");
  EXPECT_THAT(find({kNull}), ElementsAre(Handle{812, kNull}));
}

TEST_F(Processes, ThatMayNotBeReadAreTold) {
  using std::filesystem::perms;
  proc_.process(812, "Xorg");
  std::filesystem::permissions(proc_.root(), perms(0755));
  std::filesystem::permissions(proc_.root() / "812/fd", perms::none);
  const uid_t self = ::geteuid();
  if (self == 0) {
    ASSERT_EQ(::seteuid(65534), 0);  // root reads everything
  }
  EXPECT_THAT(ProcessTable(proc_.root()).find({kNull}).unreadable, ElementsAre(812));
  if (self == 0) {
    ASSERT_EQ(::seteuid(self), 0);
  }
  std::filesystem::permissions(proc_.root() / "812/fd", perms::owner_all);
}

TEST_F(Processes, HaveAServiceThatCanBeStopped) {
  proc_.process(1, "a", "/system.slice/nvidia-persistenced.service");
  proc_.process(2, "b", "/user.slice/user-1000.slice/user@1000.service/app.slice/x.service");
  proc_.process(3, "c", "/user.slice/user-1000.slice/session-3.scope");
  proc_.process(4, "d", "/system.slice/docker.service/child");
  proc_.file("4/cgroup",
             "4:memory:/x.service\n1:name=systemd:/system.slice/docker.service/child\n");
  const ProcessTable processes(proc_.root());
  EXPECT_EQ(processes.describe(1).service, "nvidia-persistenced.service");
  EXPECT_EQ(processes.describe(1).command, "a");
  EXPECT_EQ(processes.describe(2).service, "");
  EXPECT_EQ(processes.describe(3).service, "");
  EXPECT_EQ(processes.describe(4).service, "docker.service");
  EXPECT_EQ(processes.describe(5).command, "");
}

TEST_F(Processes, OfVmsHaveTheirName) {
  using namespace std::string_literals;
  proc_.process(1, "qemu").file("1/cmdline", "qemu\0-name\0guest=rocks-33,debug-threads=on\0-S\0"s);
  proc_.process(2, "qemu").file("2/cmdline", "qemu\0-name\0plain\0"s);
  proc_.process(3, "qemu").file("3/cmdline", "qemu\0-name"s);
  const ProcessTable processes(proc_.root());
  EXPECT_EQ(processes.vm(1).name, "rocks-33");
  EXPECT_EQ(processes.vm(2).name, "plain");
  EXPECT_EQ(processes.vm(3).name, "");
  EXPECT_EQ(processes.vm(4).name, "");
}

TEST_F(Processes, OfVmsTellWhoseVmItIs) {
  using namespace std::string_literals;
  const auto vm = [&](const std::string& arguments) {
    proc_.process(1, "qemu").file("1/cmdline", "qemu\0"s + arguments);
    return ProcessTable(proc_.root()).vm(1);
  };
  EXPECT_TRUE(vm("-name\0guest=a,debug-threads=on\0"s).libvirt);
  EXPECT_TRUE(vm("-chardev\0socket,id=charmonitor,fd=31\0-name\0a\0"s).libvirt);
  EXPECT_FALSE(vm("-name\0a,debug-threads=on\0"s).libvirt);
  EXPECT_FALSE(vm("-name\0guest=a\0"s).libvirt);
  EXPECT_EQ(vm("-id\0"s + "101\0-name\0web,debug-threads=on\0-chardev\0"
                          "socket,id=qmp,path=/var/run/qemu-server/101.qmp,server=on\0"s)
                .id,
            "101");
  EXPECT_EQ(vm("-id\0"s + "101\0-name\0web\0"s).id, "");
}

// The -name of a long command line is found too.
TEST_F(Processes, OfVmsMayHaveManyArguments) {
  using namespace std::string_literals;
  proc_.process(1, "qemu").file("1/cmdline",
                                "qemu\0"s + std::string(20000, 'x') + "\0-name\0late\0"s);
  EXPECT_EQ(ProcessTable(proc_.root()).vm(1).name, "late");
}

// This reads the kernel's own /proc. The child has closed the file that it mapped.
TEST(RealProcesses, AreFoundByAMappingAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "/proc/PID/map_files is for root (CAP_CHECKPOINT_RESTORE)";
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    const int zero = ::open("/dev/zero", O_RDWR);
    // The mapping is private: the kernel turns a shared mapping of /dev/zero into shared memory.
    void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, zero, 0);
    ::close(zero);
    [[maybe_unused]] const auto told = ::write(pipe[1], memory == MAP_FAILED ? "n" : "y", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(pipe[0], &answer, 1), 1);
  const auto handles = ProcessTable("/proc").find({kZero});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(handles.found.contains({child, kZero}));
}

// Nobody has the file in a table while it lies in the socket.
TEST(RealProcesses, AreKnownToHandAFileOver) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const FileDescriptor from(ends[0]);
  FileDescriptor to(ends[1]);
  {
    const FileDescriptor zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    char byte = 'x';
    iovec piece{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    const int sent = zero.get();
    std::memcpy(CMSG_DATA(head), &sent, sizeof(sent));
    ASSERT_EQ(::sendmsg(from.get(), &message, 0), 1);
  }
  EXPECT_TRUE(ProcessTable("/proc").find({kZero}).handed_over.contains(::getpid()));
  to = {};
  EXPECT_FALSE(ProcessTable("/proc").find({kZero}).handed_over.contains(::getpid()));
}

TEST(RealProcesses, CanOnlyBeReadInAProc) {
  EXPECT_THROW(ProcessTable("/nonexistent").find({kNull}), Error);
}

}  // namespace
}  // namespace cluster::agent
