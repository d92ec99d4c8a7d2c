// Tests commands that take too long, and children that stay.
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::HasSubstr;

class Time : public Server {
 protected:
  Time() { start(); }

  // Makes the server take `seconds` for each key.
  void slow_down(int seconds) {
    std::filesystem::rename(path("authorized_keys"), path("slow_keys"));
    start("AuthorizedKeysCommandUser " + me.user + "\nAuthorizedKeysCommand /bin/sh -c \"sleep " +
          std::to_string(seconds) + "; cat " + path("slow_keys") + "\"");
  }
};

TEST_F(Time, OfACommandIsBounded) {
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run("echo begun; exec sleep 600");
  EXPECT_EQ(answer.reply.end, End::timed_out);
  EXPECT_THAT(answer.reply.reason, HasSubstr("did not end within 1 s"));
  EXPECT_EQ(answer.out, "begun\n");
  EXPECT_LT(answer.reply.elapsed, std::chrono::seconds(300));
}

TEST_F(Time, OfOneHostIsNotThatOfAnother) {
  limits.command_timeout = std::chrono::seconds(3);
  Heard heard(2);
  FanOut fan_out(me);
  const auto replies =
      fan_out.run({target("127.0.0.1"), target("127.0.0.2")},
                  "case $SSH_CONNECTION in *\\ 127.0.0.1\\ *) exec sleep 60;; esac", limits, heard);
  EXPECT_EQ(replies[0].end, End::timed_out);
  EXPECT_EQ(replies[1].end, End::exited) << replies[1].reason;
}

// A ConnectTimeout of the configuration does not bound the login, as in `ssh`.
TEST_F(Time, OfALoginIsItsOwn) {
  slow_down(3);
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519") + "\nConnectTimeout 5");
  auto by_ssh = target("127.0.0.2");
  by_ssh.through_openssh = true;
  Heard heard(2);
  FanOut fan_out(me);
  for (const auto& reply : fan_out.run({target(), by_ssh}, "true", limits, heard)) {
    EXPECT_EQ(reply.end, End::exited) << reply.reason;
  }
}

TEST_F(Time, OfALoginIsBounded) {
  slow_down(600);
  limits.connect_timeout = std::chrono::seconds(2);
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason, HasSubstr("did not let '" + me.user + "' in within 2 s"));
}

TEST_F(Time, IsUnboundedWhenToldSo) {
  limits.command_timeout = std::chrono::seconds(0);
  EXPECT_EQ(run("sleep 0.2").reply.end, End::exited);
}

TEST_F(Time, EndsWithTheCommandNotWithItsChildren) {
  const auto answer = run("sleep 30 & echo done; exit 3");
  EXPECT_EQ(answer.reply.end, End::exited);
  EXPECT_EQ(answer.reply.status, 3);
  EXPECT_EQ(answer.out, "done\n");
  EXPECT_LT(answer.reply.elapsed, std::chrono::seconds(25));
}

TEST_F(Time, IsTakenForOutputThatStillComes) {
  const auto answer = run("(sleep 0.4; echo late) & exit 0");
  EXPECT_EQ(answer.reply.end, End::exited);
  EXPECT_EQ(answer.out, "late\n");
}

}  // namespace
}  // namespace cluster::ssh
