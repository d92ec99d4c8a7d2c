// What we have started ends with us, also when nobody of us can say so any more.

#include "ssh/warden.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "ssh/child_process.h"

namespace cluster::ssh {
namespace {

constexpr int kPatienceMs = 60'000;  // a busy machine is slow

// Reads to the end: until no process has the other end any more.
std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  while (poll(&wanted, 1, kPatienceMs) == 1) {
    const auto size = read(fd, buffer.data(), buffer.size());
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text + "(somebody is left)";
}

class WardenTest : public ::testing::TestWithParam<int> {
 protected:
  // A process of ours starts `script` as cluster does, and gets the signal `number` once the script
  // has said a word. Returns all that the script and its children have said until they were gone.
  static std::string say_until_killed(const std::string& script, int number) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return "no pipe";
    const pid_t pid = fork();
    if (pid == 0) {
      close(ends[0]);
      const Warden warden;
      const ChildProcess child(warden, {"sh", "-c", script}, ends[1], ends[1]);
      close(ends[1]);
      for (;;) pause();
    }
    close(ends[1]);
    std::string text(1, '\0');
    EXPECT_EQ(read(ends[0], text.data(), 1), 1);
    kill(pid, number);
    waitpid(pid, nullptr, 0);
    text += read_to_end(ends[0]);
    close(ends[0]);
    return text;
  }
};

TEST_P(WardenTest, EndsWhatItsOwnerHasStarted) {
  EXPECT_EQ(say_until_killed("echo x; sleep 1000", GetParam()), "x\n");
}

TEST_P(WardenTest, EndsWhatThatHasStartedInTurn) {
  EXPECT_EQ(say_until_killed("sh -c 'echo x; sleep 1000; echo y' & wait", GetParam()), "x\n");
}

TEST_P(WardenTest, EndsWhatDoesNotListen) {
  EXPECT_EQ(
      say_until_killed("trap '' HUP INT TERM; (echo x; sleep 1000) & wait; sleep 1000", GetParam()),
      "x\n");
}

INSTANTIATE_TEST_SUITE_P(Signals, WardenTest, ::testing::Values(SIGKILL, SIGTERM, SIGINT, SIGHUP));

TEST(Warden, LetsGoWhatHasEnded) {
  const Warden warden;
  for (int i = 0; i < 100; ++i) {
    ChildProcess child(warden, {"true"});
    pollfd ended{.fd = child.exit(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&ended, 1, kPatienceMs), 1);
    EXPECT_EQ(child.reap(), 0);
  }
}

TEST(Warden, LeavesNothingOfAProcessThatEndsByItself) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const Warden warden;
  ChildProcess child(warden, {"sh", "-c", "sleep 1000 & exit 3"}, ends[1], ends[1]);
  close(ends[1]);
  pollfd ended{.fd = child.exit(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&ended, 1, kPatienceMs), 1);
  const auto status = child.reap();
  ASSERT_TRUE(status);
  EXPECT_EQ(WEXITSTATUS(*status), 3);
  EXPECT_EQ(read_to_end(ends[0]), "");
  close(ends[0]);
}

}  // namespace
}  // namespace cluster::ssh
