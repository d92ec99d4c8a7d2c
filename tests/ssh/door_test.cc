// Many hosts behind one door: sshd takes few logins at a time, and turns away who fails too often.
#include <algorithm>

#include "ssh/doors.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class AtADoor : public Server {
 protected:
  // The hosts `count` of 127.0.8.x, all of them this one sshd.
  std::vector<Target> many(int count) const { return {static_cast<std::size_t>(count), target()}; }

  std::vector<Reply> run_on(const std::vector<Target>& targets, const std::string& command) {
    Heard heard(targets.size());
    FanOut fan_out(me);
    return fan_out.run(targets, command, limits, heard);
  }

  static void expect_all_in(const std::vector<Reply>& replies) {
    for (const auto& reply : replies) EXPECT_EQ(reply.end, End::exited) << reply.reason;
  }

  // Each run of a command adds a line there.
  std::string count_command() const { return "echo x >>" + path("count"); }
  std::size_t count() const { return occurrences(read_file(path("count")), "x"); }

  // `count` logins, and two for each that was so slow that its place was lent to others: on a busy
  // machine a login takes as long as Doors::kPatience.
  static std::size_t with_lent(std::size_t count, const std::vector<Reply>& replies) {
    const auto slow = std::ranges::count_if(
        replies, [](const Reply& one) { return one.elapsed * 4 >= Doors::kPatience * 3; });
    return count + 2 * static_cast<std::size_t>(slow);
  }

  // The configuration that `ssh` needs; `lines` come first.
  void configure_for_ssh(const std::string& lines) {
    configure(lines + "\nHost *\n  GlobalKnownHostsFile none\n  UserKnownHostsFile " +
              path(".ssh/known_hosts") + "\n  IdentityFile " + path(".ssh/id_ed25519"));
  }

  // Sends all hosts but the jump host through it.
  void jump() { configure_for_ssh("Host n-*\n  ProxyJump " + at_door()); }
  std::string at_door() const { return "127.0.0.5:" + std::to_string(port()); }

  // Hosts of different names, all of them at the address and port of the one sshd.
  static constexpr int kNames = 20;
  std::vector<Target> names(bool through_openssh) const {
    std::vector<Target> targets;
    for (int i = 0; i < kNames; ++i) {
      targets.push_back({"n-" + std::to_string(i), "", 0, ""});
      targets.back().through_openssh = through_openssh;
    }
    return targets;
  }
  std::string at_sshd() const {
    return "Host n-*\n  HostName 127.0.0.1\n  Port " + std::to_string(port()) + "\n";
  }
  // Each is known by its own name.
  std::string known_by_name() const {
    std::string lines;
    for (int i = 0; i < kNames; ++i) {
      lines += "[n-" + std::to_string(i) + "]:" + std::to_string(port()) + " " + host_key() + "\n";
    }
    return lines + "[127.0.0.5]:" + std::to_string(port()) + " " + host_key();
  }
};

// sshd drops each login beyond ten that are not in yet.
TEST_F(AtADoor, ManyComeInByTurns) {
  start("MaxStartups 10:100:10");
  expect_all_in(run_on(many(100), count_command()));
  EXPECT_EQ(count(), 100U);
}

TEST_F(AtADoor, AllComeInBesideACrowd) {
  start("MaxStartups 10:30:100");
  const Crowd crowd(port(), 14);  // a third of all is turned away
  const auto replies = run_on(many(100), count_command());
  expect_all_in(replies);
  EXPECT_EQ(count(), 100U);
  EXPECT_GT(std::ranges::max(replies, {}, &Reply::tries).tries, 1);
}

TEST_F(AtADoor, OfAJumpHostAllComeInBesideACrowd) {
  start("MaxStartups 10:30:100");
  jump();
  const Crowd crowd(port(), 10);
  const auto replies = run_on(many(16), count_command());
  expect_all_in(replies);
  EXPECT_EQ(count(), 16U);
}

// sshd has no room at first, and then it has.
TEST_F(AtADoor, AMomentCuresARefusal) {
  start("MaxStartups 5:100:5\nLogLevel VERBOSE");
  auto crowd = std::make_unique<Crowd>(port(), 5);
  std::thread leave([&] {
    await_log("drop connection #");
    crowd.reset();
  });
  const auto answer = run(count_command());
  leave.join();
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_GT(answer.reply.tries, 1);
  EXPECT_EQ(count(), 1U);
}

TEST_F(AtADoor, ARefusalIsSaidWithTheNumberOfTries) {
  start("MaxStartups 5:100:5");
  const Crowd crowd(port(), 5);
  limits.connect_timeout = std::chrono::seconds(1);
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason,
              HasSubstr("tried " + std::to_string(answer.reply.tries) + " times"));
  EXPECT_GT(answer.reply.tries, 1);
}

TEST_F(AtADoor, PenaltiesAreCalledByTheirName) {
  const Port strict("Not allowed at this time\r\n");
  const std::vector<Target> targets(50, {"n1", "127.0.0.1", strict.number(), ""});
  const auto replies = run_on(targets, "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason,
                AllOf(HasSubstr("PerSourcePenalties"), HasSubstr("PerSourcePenaltyExemptList"),
                      HasSubstr("port " + std::to_string(strict.number()))));
  }
  EXPECT_LE(static_cast<std::size_t>(strict.taken()),
            with_lent(Penalties::kTriesToTell * Doors::kAtFirst, replies));
}

TEST_F(AtADoor, PenaltiesAreCalledByTheirNameThroughSsh) {
  const Port strict("Not allowed at this time\r\n");
  configure("GlobalKnownHostsFile none\nAddressFamily inet");
  const std::vector<Target> targets(50, {"n1", "127.0.0.1", strict.number(), ""});
  const auto replies = run_on(targets, "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason, HasSubstr("PerSourcePenalties"));
  }
  EXPECT_LE(static_cast<std::size_t>(strict.taken()),
            with_lent(Penalties::kTriesToTell * Doors::kAtFirst, replies));
}

TEST_F(AtADoor, OfAJumpHostPenaltiesAreCalledByTheirName) {
  const Port strict("Not allowed at this time\r\n");
  configure(
      "GlobalKnownHostsFile none\nHost n-*\n  ProxyJump gw\n"
      "Host gw\n  HostName 127.0.0.1\n  Port " +
      std::to_string(strict.number()));
  const auto replies = run_on(many(30), "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason,
                AllOf(StartsWith("ssh to 'n-127.0.0.1' (because of ProxyJump"),
                      HasSubstr("PerSourcePenalties"),
                      HasSubstr("port " + std::to_string(strict.number()) + " turns this")));
  }
  EXPECT_LE(static_cast<std::size_t>(strict.taken()),
            with_lent(Penalties::kTriesToTell * Doors::kAtFirst + 1, replies));
}

TEST_F(AtADoor, BehindAJumpHostPenaltiesAreCalledByTheirName) {
  start();
  jump();
  const Port strict("Not allowed at this time\r\n");
  const std::vector<Target> targets(10, {"n-1", "127.0.0.1", strict.number(), ""});
  const auto replies = run_on(targets, "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason, AllOf(HasSubstr("turns the address of its jump host away"),
                                    HasSubstr("port " + std::to_string(strict.number()))));
    EXPECT_LE(reply.tries, Penalties::kTriesToTell);
  }
  EXPECT_LE(static_cast<std::size_t>(strict.taken()),
            with_lent(Penalties::kTriesToTell * Doors::kAtOnce, replies));
}

TEST_F(AtADoor, ARefusedKeyIsNotTriedWithEachHost) {
  start("LogLevel VERBOSE");
  write_file(path("authorized_keys"), "");
  const auto replies = run_on(many(40), "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::no_login);
    EXPECT_THAT(reply.reason, HasSubstr("takes no key of ours for "));
  }
  EXPECT_LE(connections(), with_lent(2U, replies));
}

// The two ways to a host.
class AtADoorByEachWay : public AtADoor, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, AtADoorByEachWay, ::testing::Bool(), [](const auto& way) {
  return way.param ? std::string("Ssh") : std::string("Libssh");
});

TEST_P(AtADoorByEachWay, ARefusedKeyIsNotTriedUnderEachName) {
  start("LogLevel VERBOSE");
  write_file(path("authorized_keys"), "");
  configure_for_ssh(at_sshd());
  for (const bool is_known_by_name : {false, true}) {
    if (is_known_by_name) know(known_by_name());
    const auto before = connections();
    const auto replies = run_on(names(GetParam()), "true");
    for (const auto& reply : replies) EXPECT_EQ(reply.end, End::no_login) << reply.reason;
    EXPECT_LE(connections() - before, with_lent(2U, replies));
  }
}

// The server takes the key of some hosts.
TEST_P(AtADoorByEachWay, AnotherKeyIsTried) {
  start("LogLevel VERBOSE");
  call({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("refused")});
  const std::string rest = "\n  GlobalKnownHostsFile none\n  UserKnownHostsFile " +
                           path(".ssh/known_hosts") + "\n  IdentityAgent none\n";
  configure(at_sshd() + rest + "Host n-?\n  IdentityFile " + path("refused") +
            "\nHost n-??\n  IdentityFile " + path(".ssh/id_ed25519"));
  const auto replies = run_on(names(GetParam()), "true");
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i < 10 ? End::no_login : End::exited) << replies[i].reason;
  }
  EXPECT_LE(connections(), with_lent(2U + 10U, replies));
}

// Each is refused there, through a jump host that lets us in.
TEST_F(AtADoor, BehindAJumpHostARefusedKeyIsNotTriedUnderEachName) {
  start("LogLevel VERBOSE");
  configure_for_ssh("Host n-*\n  User no-such-user\n  ProxyJump " + at_door() + "\n" + at_sshd());
  const auto replies = run_on(names(false), "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::no_login);
    EXPECT_THAT(reply.reason, HasSubstr("Permission denied"));
  }
  EXPECT_LE(connections(), 2 * with_lent(2U, replies));
}

TEST_F(AtADoor, AtAJumpHostAnotherLoginIsTried) {
  start("LogLevel VERBOSE");
  configure_for_ssh("Host n-?\n  ProxyJump no-such-user@" + at_door() +
                    "\nHost n-??\n  ProxyJump " + at_door() + "\n" + at_sshd());
  const auto replies = run_on(names(false), "true");
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i < 10 ? End::unreachable : End::exited) << replies[i].reason;
  }
  EXPECT_LE(connections(), with_lent(2U + 2U * 10U, replies));
}

// One is known by its name, and gets in.
TEST_P(AtADoorByEachWay, AnUnknownHostKeyIsNotAskedForUnderEachName) {
  start("LogLevel VERBOSE");
  configure_for_ssh(at_sshd());
  know("[n-7]:" + std::to_string(port()) + " " + host_key());
  const auto replies = run_on(names(GetParam()), "true");
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i == 7 ? End::exited : End::host_key) << replies[i].reason;
    const auto name = "cluster sync host key n-" + std::to_string(i);
    if (i != 7) {
      EXPECT_THAT(replies[i].reason + ",", HasSubstr(name + ","));
    }
  }
  EXPECT_LE(connections(), with_lent(3U + 1U, replies));
}

TEST_F(AtADoor, AnotherUserIsAnotherLogin) {
  start("LogLevel VERBOSE");
  auto targets = many(40);
  for (std::size_t i = 0; i < targets.size(); i += 2) targets[i].user = "no-such-user";
  const auto replies = run_on(targets, "true");
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i % 2 == 0 ? End::no_login : End::exited) << replies[i].reason;
  }
  EXPECT_LE(connections(), with_lent(20U + 8U, replies));
}

TEST_F(AtADoor, AnUnknownHostKeyIsNotAskedForWithEachHost) {
  start("LogLevel VERBOSE");
  // One is known by its name, and gets in.
  know("[n-7]:" + std::to_string(port()) + " " + host_key());
  std::vector<Target> targets;
  for (int i = 0; i < 40; ++i) {
    targets.push_back({"n-" + std::to_string(i), "127.0.0.1", port(), ""});
  }
  const auto replies = run_on(targets, "true");
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].end, i == 7 ? End::exited : End::host_key) << replies[i].reason;
  }
  EXPECT_LE(connections(), with_lent(3U + 1U, replies));
}

TEST_F(AtADoor, OfAJumpHostARefusedKeyIsNotTriedWithEachHost) {
  start("LogLevel VERBOSE");
  write_file(path("authorized_keys"), "");
  jump();
  const auto replies = run_on(many(40), "true");
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.end, End::unreachable);
    EXPECT_THAT(reply.reason, AllOf(StartsWith("ssh to 'n-127.0.0.1' (because of ProxyJump"),
                                    HasSubstr("Permission denied")));
    EXPECT_EQ(reply.tries, 1);
  }
  EXPECT_LE(connections(), with_lent(2U, replies));
}

TEST_F(AtADoor, ThatLeadsToItselfNobodyKnocks) {
  start("LogLevel VERBOSE");
  configure("GlobalKnownHostsFile none\nHost *\n  ProxyJump 127.0.0.5:" + std::to_string(port()));
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::unreachable);
  EXPECT_THAT(answer.reply.reason, HasSubstr("n-127.0.0.1 -> 127.0.0.5 -> 127.0.0.5"));
  EXPECT_EQ(connections(), 0U);
}

}  // namespace
}  // namespace cluster::ssh
