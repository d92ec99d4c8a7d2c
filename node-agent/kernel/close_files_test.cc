#include "node-agent/kernel/close_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <initializer_list>

namespace cluster::agent {
namespace {

constexpr int kKept = 150;
constexpr int kHighest = 900;

// From here on the kernel answers `error` to the call `number`, as one that is older would.
void refuse(unsigned number, unsigned error) {
  std::array<sock_filter, 4> lines{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{lines.size(), lines.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    ::_exit(77);
  }
}

// Opens 300 files in a child that is prepared so, and calls close_files_but() there. Returns the
// number of files that are open afterwards, or -1 when the one to keep is not; -2 where this
// machine lets nobody refuse a call.
int left_open(const std::function<void()>& prepare) {
  const auto child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    for (int file = 100; file < 399; ++file) ::dup2(null, file);
    ::dup2(null, kHighest);
    prepare();
    close_files_but(kKept);
    int count = 0;
    for (int file = 0; file < 1024; ++file) count += ::fcntl(file, F_GETFD) >= 0 ? 1 : 0;
    ::_exit(::fcntl(kKept, F_GETFD) >= 0 ? count : 78);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return -1;
  const int code = WEXITSTATUS(status);
  return code == 78 ? -1 : code == 77 ? -2 : code;
}

TEST(CloseFiles, LeavesOneOpen) {
  EXPECT_EQ(left_open([] {}), 1);
}

TEST(CloseFiles, KeepsTheFirstFile) {
  const auto child = ::fork();
  if (child == 0) {
    ::dup2(1, 0);
    close_files_but(0);
    ::_exit(::fcntl(0, F_GETFD) >= 0 && ::fcntl(1, F_GETFD) < 0 && ::fcntl(2, F_GETFD) < 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(CloseFiles, LeavesOneOpenOnAnOldKernel) {
  const int left = left_open([] { refuse(436, ENOSYS); });
  if (left == -2) GTEST_SKIP() << "this machine has no seccomp filters";
  EXPECT_EQ(left, 1);
}

TEST(CloseFiles, LeavesOneOpenInASandbox) {
  const int left = left_open([] { refuse(436, EPERM); });
  if (left == -2) GTEST_SKIP() << "this machine has no seccomp filters";
  EXPECT_EQ(left, 1);
}

TEST(CloseFiles, LeavesOneOpenWithoutProc) {
  const int left = left_open([] {
    refuse(SYS_openat, ENOENT);
    refuse(436, ENOSYS);
  });
  if (left == -2) GTEST_SKIP() << "this machine has no seccomp filters";
  EXPECT_EQ(left, 1);
}

// 2^30 files would be minutes of calls.
TEST(CloseFiles, HeedsNoLimitThatIsHuge) {
  const int left = left_open([] {
    const rlimit huge{1U << 30U, 1U << 30U};
    ::setrlimit(RLIMIT_NOFILE, &huge);
    refuse(SYS_openat, ENOENT);
    refuse(436, ENOSYS);
  });
  if (left == -2) GTEST_SKIP() << "this machine has no seccomp filters";
  EXPECT_EQ(left, 1);
}

// No file is left for the one that lists the others.
TEST(CloseFiles, NeedsNoFileMore) {
  const int left = left_open([] {
    refuse(436, ENOSYS);
    const rlimit none{1, 1};
    ::setrlimit(RLIMIT_NOFILE, &none);
  });
  if (left == -2) GTEST_SKIP() << "this machine has no seccomp filters";
  EXPECT_EQ(left, 1);
}

}  // namespace
}  // namespace cluster::agent
