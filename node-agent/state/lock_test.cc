#include "node-agent/state/lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;

TEST(Lock, IsHeldByOneAtATime) {
  const FakeSysfs folder;
  const auto file = folder.root() / "lock";
  {
    const Lock held(file, 0ms);
    try {
      const Lock second(file, 60ms);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused);
    }
  }
  const Lock free(file, 0ms);
}

// True if a thread of this process has opened the file beside its owner and sleeps. A thread that
// has asked for the lock in vain does so.
bool is_waited_for(const std::filesystem::path& file, pid_t thread) {
  int open = 0;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code closed;
    open += std::filesystem::read_symlink(one, closed) == file ? 1 : 0;
  }
  const auto stat = read_file("/proc/self/task/" + std::to_string(thread) + "/stat").value_or("");
  return open == 2 && stat.find(") S ") != std::string::npos;
}

TEST(Lock, IsWaitedFor) {
  const FakeSysfs folder;
  const auto file = folder.root() / "lock";
  auto held = std::make_unique<Lock>(file, 0ms);
  const auto waiter = ::gettid();
  const auto path = std::filesystem::canonical(file);
  std::jthread owner([&](const std::stop_token& end) {
    while (!end.stop_requested() && !is_waited_for(path, waiter)) std::this_thread::yield();
    held.reset();
  });
  const Lock mine(file, 10s);
  EXPECT_EQ(held, nullptr);
}

// A step that never ends is in a child, which has inherited the lock from its parent.
TEST(Lock, IsNotLeftWithAChild) {
  const FakeSysfs folder;
  const auto file = folder.root() / "lock";
  auto held = std::make_unique<Lock>(file, 0ms);
  const auto child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  EXPECT_THROW(Lock(file, 0ms), Error);
  held.reset();
  const Lock free(file, 0ms);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(Lock, ThatCannotBeMadeIsAnError) { EXPECT_THROW(Lock("/nonexistent/lock", 0ms), Error); }

}  // namespace
}  // namespace cluster::agent
