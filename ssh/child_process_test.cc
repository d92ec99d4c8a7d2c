// These tests are about processes of ours: their output, their end, and the things they leave
// behind.

#include "ssh/child_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

namespace cluster::ssh {
namespace {

// All processes of these tests have it.
const Warden& warden() {
  static const Warden one;
  return one;
}

constexpr int kPatienceMs = 60'000;  // a busy machine is slow

bool wait_for(int descriptor) {
  pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, kPatienceMs) == 1;
}

// Reads everything until the other end is closed.
std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (wait_for(descriptor)) {
    const auto size = read(descriptor, buffer.data(), buffer.size());
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

int wait_status(ChildProcess& child) {
  EXPECT_TRUE(wait_for(child.exit()));
  return child.reap().value_or(-1);
}

std::vector<std::string> sh(const std::string& script) { return {"sh", "-c", script}; }

TEST(ChildProcess, KeepsItsTwoOutputsApart) {
  ChildProcess child(warden(), sh("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(read_all(child.out()), "out\n");
  EXPECT_EQ(read_all(child.err()), "err\n");
  const int status = wait_status(child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(ChildProcess, ReadsItsInputToTheEnd) {
  const std::string input(1'000'000, 'x');  // more than a pipe holds
  ChildProcess child(warden(), {"wc", "-c"}, input);
  EXPECT_EQ(read_all(child.out()), "1000000\n");
  EXPECT_EQ(wait_status(child), 0);
}

TEST(ChildProcess, HasEmptyInputUnlessToldOtherwise) {
  ChildProcess child(warden(), {"cat"});
  EXPECT_EQ(read_all(child.out()), "");
  EXPECT_EQ(wait_status(child), 0);
}

TEST(ChildProcess, ThatCannotBeStartedExitsWithItsOwnStatus) {
  ChildProcess child(warden(), {"/nonexistent/program"});
  EXPECT_EQ(WEXITSTATUS(wait_status(child)), ChildProcess::kNoProgram);
}

TEST(ChildProcess, GetsWordsAsTheyAre) {
  ChildProcess child(warden(), {"printf", "%s|", "a b", "$HOME", "", "'\""});
  EXPECT_EQ(read_all(child.out()), "a b|$HOME||'\"|");
}

TEST(ChildProcess, HasNoTerminal) {
  ChildProcess child(warden(), sh("if (: </dev/tty) 2>/dev/null; then echo yes; else echo no; fi"));
  EXPECT_EQ(read_all(child.out()), "no\n");
}

TEST(ChildProcess, IsReapedOnce) {
  ChildProcess child(warden(), {"true"});
  EXPECT_TRUE(wait_for(child.exit()));
  EXPECT_EQ(child.reap(), 0);
  child.signal(SIGTERM);  // it belongs to nobody any more
}

TEST(ChildProcess, ThatStillRunsHasNoStatus) {
  ChildProcess child(warden(), {"sleep", "1000"});
  EXPECT_EQ(child.reap(), std::nullopt);
  child.signal(SIGTERM);
  const int status = wait_status(child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(ChildProcess, TakesItsChildrenAlong) {
  ChildProcess child(warden(), sh("sleep 1000 & echo $!; wait"));
  std::array<char, 32> buffer{};
  ASSERT_TRUE(wait_for(child.out()));
  ASSERT_GT(read(child.out(), buffer.data(), buffer.size() - 1), 0);
  const auto grandchild = static_cast<pid_t>(std::stol(buffer.data()));
  ASSERT_EQ(kill(grandchild, 0), 0);
  child.signal(SIGTERM);
  wait_status(child);
  // The pipe of the whole group is closed when no process of the group is left.
  EXPECT_EQ(read_all(child.out()), "");
}

TEST(ChildProcess, ThatIgnoresTheSignalIsKilledWithItsGroup) {
  ChildProcess child(warden(), sh("(trap '' TERM; echo ready; exec sleep 1000) & wait"));
  std::array<char, 32> buffer{};
  ASSERT_TRUE(wait_for(child.out()));
  ASSERT_GT(read(child.out(), buffer.data(), buffer.size()), 0);
  child.signal(SIGTERM);
  wait_status(child);
  EXPECT_EQ(read_all(child.out()), "");
}

TEST(ChildProcess, EndsWithItsOwner) {
  int out = -1;
  {
    const ChildProcess child(warden(), {"sleep", "1000"});
    out = dup(child.out());
  }
  EXPECT_EQ(read_all(out), "");
  close(out);
}

TEST(Pipe, DoesNotBlockItsReader) {
  const Pipe pipe;
  char byte = 0;
  EXPECT_EQ(read(pipe.read.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(write(pipe.write.get(), "x", 1), 1);
  EXPECT_EQ(read(pipe.read.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

}  // namespace
}  // namespace cluster::ssh
