#include "node-agent/lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "core/error.h"
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

TEST(Lock, IsWaitedFor) {
  const FakeSysfs folder;
  const auto file = folder.root() / "lock";
  auto held = std::make_unique<Lock>(file, 0ms);
  std::jthread other([&] { held.reset(); });
  const Lock mine(file, 10s);
}

// A step that never ends is in a child, which has the lock from its parent.
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
