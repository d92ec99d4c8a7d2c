#include "node-agent/binding/run_in_child.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::StartsWith;

std::string reason(const std::function<void()>& act) {
  try {
    run_in_child(act, 60s);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    return error.what();
  }
  return "it ended well";
}

TEST(RunInChild, DoesItInAnotherProcess) {
  const TempDir folder;
  const auto file = folder.path() / "pid";
  int memory = 0;
  EXPECT_TRUE(run_in_child(
      [&] {
        replace_file(file, std::to_string(::getpid()));
        memory = 1;
      },
      60s));
  EXPECT_NE(read_file(file), std::to_string(::getpid()));
  EXPECT_NE(read_file(file), std::nullopt);
  EXPECT_EQ(memory, 0);  // what the child changes is lost
}

TEST(RunInChild, ThrowsWithTheReasonOfTheChild) {
  EXPECT_EQ(reason([] { throw Error(Fault::refused, "Device or resource busy"); }),
            "Device or resource busy");
  EXPECT_EQ(reason([] { throw std::runtime_error(""); }), "");
  EXPECT_THAT(reason([] { throw Error(Fault::io, std::string(100'000, 'x')); }),
              StartsWith("xxxx"));  // more than a pipe takes at once
}

TEST(RunInChild, ThrowsWhenTheChildDies) {
  EXPECT_EQ(reason([] { ::raise(SIGKILL); }), "the process that acts has died");
  EXPECT_EQ(reason([] { ::_exit(0); }), "the process that acts has died");
}

TEST(RunInChild, LeavesAChildAloneThatIsPastItsDeadline) {
  const TempDir folder;
  const auto file = folder.path() / "pid";
  EXPECT_FALSE(run_in_child(
      [&] {
        replace_file(file, std::to_string(::getpid()));
        for (;;) ::pause();
      },
      500ms));
  // The child may not have begun yet; if it has, it is still there.
  if (const auto text = read_file(file)) {
    const auto child = static_cast<pid_t>(std::stol(*text));
    EXPECT_EQ(::kill(child, 0), 0);
    ::kill(child, SIGKILL);
  }
}

TEST(RunInChild, KeepsNoStreamOfItsCallerOpen) {
  const TempDir folder;
  const auto file = folder.path() / "streams";
  run_in_child(
      [&] {
        std::string targets;
        for (const auto* stream : {"0", "1", "2"}) {
          targets += std::filesystem::read_symlink(std::string("/proc/self/fd/") + stream).native();
        }
        replace_file(file, targets);
      },
      60s);
  EXPECT_EQ(read_file(file), "/dev/null/dev/null/dev/null");
}

}  // namespace
}  // namespace cluster::agent
