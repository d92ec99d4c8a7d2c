#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>

#include "core/file.h"
#include "node-agent/kernel/process_table.h"
#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProcessFilesTest : public ::testing::Test {
 protected:
  Handles find() const { return ProcessTable(proc_.root()).find(wanted_); }

  // "812 region 0 of 0000:02:00.0"
  std::vector<std::string> things() const {
    std::vector<std::string> all;
    for (const auto& handle : find().found) {
      all.push_back(std::to_string(handle.pid) + " " + handle.thing +
                    (handle.of_vfio ? " (vfio)" : ""));
    }
    return all;
  }

  FakeProc proc_;
  Wanted wanted_;
};

TEST_F(ProcessFilesTest, FindsCharacterDevicesOfARange) {
  wanted_.ranges = {{"mem", 1, 4, 6}};
  proc_.process(812, "a").open(812, 3, "/dev/null").open(812, 4, "/dev/zero");
  EXPECT_EQ(find().found, (std::set<Handle>{{812, kZero}}));
}

TEST_F(ProcessFilesTest, FindsWhatARingHolds) {
  wanted_.nodes = {{kNull, "/dev/nvme0n1"}};
  const auto ring = [&](const std::string& info) {
    proc_.process(812, "a");
    fs::remove(proc_.root() / "812/fd/5");
    proc_.open_special(812, 5, "anon_inode:[io_uring]", info);
    return find();
  };
  const std::set<Handle> found{{812, kNull}};
  EXPECT_EQ(ring("SqMask:\t0x3\nUserFiles:\t2\n    0: /etc/passwd\n    1: /dev/nvme0n1\n"
                 "UserBufs:\t0\nPollList:\n")
                .found,
            found);
  EXPECT_EQ(ring("UserFiles:\t1\n    0: nvme0n1\nUserBufs:\t0\n").found, found) << "before 5.12";
  EXPECT_EQ(ring("UserFiles:\t1\n    0: /box/dev/nvme0n1\nPollList:\n").found, found);
  const auto other =
      ring("UserFiles:\t1\n    0: /dev/nvme0n2\nUserBufs:\t1\n    0: nvme0n1\nPollList:\n");
  EXPECT_THAT(other.found, IsEmpty());
  EXPECT_THAT(other.unreadable, IsEmpty());
  EXPECT_THAT(ring("UserFiles:\t0\nUserBufs:\t0\n").unreadable, IsEmpty());
  EXPECT_THAT(ring("UserFiles:\t1\nUserBufs:\t0\n").unreadable, ElementsAre(812)) << "it is busy";
}

TEST_F(ProcessFilesTest, FindsBuffersOfItsExporters) {
  wanted_.nodes = {{kNull, "/dev/dri/card0"}};
  wanted_.exporters = {"drm", "amdgpu"};
  proc_.process(812, "a").open_special(812, 5, "/dmabuf:", "size:\t4096\nexp_name:\tdrm\n");
  EXPECT_THAT(things(),
              ElementsAre("812 a buffer of drm (dma-buf; the kernel tells not of which card)"));
  proc_.process(812, "a").file("812/fdinfo/5", "exp_name:\tudmabuf\n");
  EXPECT_THAT(things(), IsEmpty());
  proc_.process(813, "b").file(
      "813/maps", "7f00-7f01 rw-s 00000000 00:0c 4 " + std::string(18, ' ') + "/dmabuf:\n");
  EXPECT_THAT(things(),
              ElementsAre("813 a mapped buffer (dma-buf; the kernel tells not of which card)"));
}

TEST_F(ProcessFilesTest, FindsDevicesOfVfioWithoutTheirGroup) {
  wanted_.nodes = {{{S_IFCHR, 243, 13}, "/dev/vfio/13"}};
  wanted_.devices = {"0000:02:00.0"};
  wanted_.vfio_majors = {243};
  const auto device = [&](const std::string& info) {
    proc_.process(812, "a");
    fs::remove(proc_.root() / "812/fd/5");
    proc_.open_special(812, 5, "anon_inode:[vfio-device]", info);
    return things();
  };
  EXPECT_THAT(device("pos:\t0\n"),
              ElementsAre("812 a device of vfio (the kernel tells not which) (vfio)"));
  EXPECT_THAT(device("vfio-device-syspath: /sys/devices/pci0000:00/0000:02:00.0\n"),
              ElementsAre("812 the vfio device 0000:02:00.0 (vfio)"));
  EXPECT_THAT(device("vfio-device-syspath: /sys/devices/pci0000:00/0000:03:00.0\n"), IsEmpty());
  // Who has a group open has a device of that group.
  wanted_.vfio_majors = {1};
  proc_.open(812, 6, "/dev/zero");
  EXPECT_THAT(device("pos:\t0\n"), IsEmpty());
}

TEST_F(ProcessFilesTest, FindsRegionsByTheirFiles) {
  const TempDir sysfs;
  wanted_.devices = {"0000:02:00.0"};
  wanted_.sysfs = sysfs.path();
  const auto file = [&](const std::string& name) {
    auto path = sysfs.path() / "devices/pci0000:00" / name;
    fs::create_directories(path.parent_path());
    replace_file(path, "");
    return path;
  };
  proc_.process(812, "a")
      .open(812, 3, file("0000:02:00.0/resource0"))
      .open(812, 4, file("0000:02:00.0/resource"))
      .open(812, 5, file("0000:02:00.0/config"))
      .open(812, 6, file("0000:03:00.0/resource0"));
  proc_.process(813, "b").map(813, "7f00-7f10", file("0000:02:00.0/resource3_wc"));
  EXPECT_THAT(things(),
              ElementsAre("812 region 0 of 0000:02:00.0", "813 region 3 of 0000:02:00.0"));
}

TEST_F(ProcessFilesTest, GoesOnWhenTheKernelDoesNotAnswerForAProcess) {
  wanted_.nodes = {{kNull, "/dev/null"}};
  for (const int pid : {811, 812, 813}) proc_.process(pid, "a").open(pid, 3, "/dev/null");
  fs::remove(proc_.root() / "812/maps");
  ASSERT_EQ(::mkfifo((proc_.root() / "812/maps").c_str(), 0600), 0);  // an open waits for ever
  const auto handles = find();
  EXPECT_EQ(handles.found, (std::set<Handle>{{811, kNull}, {812, kNull}, {813, kNull}}));
  EXPECT_THAT(handles.unreadable, ElementsAre(812));
  EXPECT_THAT(handles.silent, ElementsAre(812));
}

// A child that has something of the kernel, and what is found of it.
class RealProcess {
 public:
  explicit RealProcess(const std::function<void()>& hold) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      to_parent = pipe[1];
      hold();
      ready();
      ::pause();
      ::_exit(0);
    }
    ::close(pipe[1]);
    char answer = 0;
    [[maybe_unused]] const auto size = ::read(pipe[0], &answer, 1);
    ::close(pipe[0]);
  }
  RealProcess(const RealProcess&) = delete;
  RealProcess& operator=(const RealProcess&) = delete;
  ~RealProcess() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  static void ready() { [[maybe_unused]] const auto told = ::write(to_parent, "y", 1); }

  bool has(const DeviceNumber& number, const char* path) const {
    Wanted wanted;
    wanted.nodes = {{number, path}};
    return ProcessTable("/proc").find(wanted).found.contains({child_, number});
  }

 private:
  static inline int to_parent = -1;
  pid_t child_ = 0;
};

TEST(RealProcessFiles, OfAThreadMayBeItsOwn) {
  const RealProcess process([] {
    pthread_t thread{};
    ::pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          ::unshare(CLONE_FILES);
          ::open("/dev/zero", O_RDONLY);
          RealProcess::ready();
          ::pause();
          return nullptr;
        },
        nullptr);
    ::pause();
  });
  EXPECT_TRUE(process.has(kZero, "/dev/zero"));
  EXPECT_FALSE(process.has({S_IFCHR, 1, 7}, "/dev/full"));
}

// The main thread has ended, and another one has a mapping and no open file.
TEST(RealProcessFiles, AreThoseOfAProcessWithoutItsMainThread) {
  const RealProcess process([] {
    pthread_t thread{};
    ::pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          const int zero = ::open("/dev/zero", O_RDWR);
          static_cast<void>(::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, zero, 0));
          ::close(zero);
          ::usleep(100'000);
          RealProcess::ready();
          ::pause();
          return nullptr;
        },
        nullptr);
    ::syscall(SYS_exit, 0);  // of this thread alone
  });
  EXPECT_TRUE(process.has(kZero, "/dev/zero"));
}

TEST(RealProcessFiles, MayBeHeldByARing) {
  io_uring_params none{};
  const auto ring = static_cast<int>(::syscall(SYS_io_uring_setup, 4, &none));
  if (ring < 0) GTEST_SKIP() << "this kernel has no io_uring, or allows none";
  ::close(ring);
  const RealProcess process([] {
    io_uring_params params{};
    const auto held = static_cast<int>(::syscall(SYS_io_uring_setup, 4, &params));
    const int zero = ::open("/dev/zero", O_RDONLY);
    ::syscall(SYS_io_uring_register, held, IORING_REGISTER_FILES, &zero, 1);
    ::close(zero);
  });
  EXPECT_TRUE(process.has(kZero, "/dev/zero"));
}

}  // namespace
}  // namespace cluster::agent
