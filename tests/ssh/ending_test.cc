// Tests that what we end has ended on the host as well, with all that it had started.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::HasSubstr;

// True while there is such a process. One that nobody has waited for yet does not run.
bool runs(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  const auto at = text.str().rfind(") ");
  return at != std::string::npos && text.str().substr(at + 2, 1) != "Z";
}

// Calls a function once the host has said a whole line.
class Listener : public Heard {
 public:
  Listener(std::size_t hosts, std::function<void()> when_said)
      : Heard(hosts), when_said_(std::move(when_said)) {}

  using Heard::out;
  void out(std::size_t target, std::string_view bytes) override {
    Heard::out(target, bytes);
    if (Heard::out(target).find('\n') == std::string::npos) return;
    if (const auto call = std::exchange(when_said_, nullptr)) call();
  }
  void interrupted(const std::vector<std::size_t>& pending) override { were_pending = pending; }
  int outlet() const override { return closed; }
  void unread() override { throw std::runtime_error("nobody reads"); }

  std::vector<std::size_t> were_pending;
  int closed = -1;

 private:
  std::function<void()> when_said_;
};

// The shell tells its own number and that of a child, and both go on.
constexpr const char* kTwo = "sleep 1000 & echo $$ $!; sleep 1001";

class Ends : public Server {
 protected:
  Ends() { start(); }

  // `ssh` looks for these in the operator's real home.
  void go_through_a_jump_host() {
    configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
              "\nIdentityFile " + path(".ssh/id_ed25519") +
              "\nHost n-127.0.0.1\n  ProxyJump 127.0.0.5:" + std::to_string(port()));
  }

  void expect_gone(const std::string& said) {
    const auto blank = said.find(' ');
    ASSERT_NE(blank, std::string::npos) << said;
    EXPECT_FALSE(runs(said.substr(0, blank)));
    EXPECT_FALSE(runs(said.substr(blank + 1, said.find('\n') - blank - 1)));
  }
};

TEST_F(Ends, WhatTakesTooLongWithItsChildren) {
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run(kTwo);
  EXPECT_EQ(answer.reply.end, End::timed_out);
  EXPECT_EQ(answer.reply.reason, "the command did not end within 1 s; it was ended there");
  expect_gone(answer.out);
}

TEST_F(Ends, WhatDoesNotListenToTerm) {
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run("trap '' TERM; sleep 1000 & echo $$ $!; while :; do sleep 1; done");
  EXPECT_EQ(answer.reply.reason, "the command did not end within 1 s; it was ended there");
  expect_gone(answer.out);
}

TEST_F(Ends, WhatRunsBehindAJumpHost) {
  go_through_a_jump_host();
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run(kTwo);
  EXPECT_EQ(answer.reply.end, End::timed_out);
  EXPECT_EQ(answer.reply.reason, "the command did not end within 1 s; it was ended there");
  expect_gone(answer.out);
}

TEST_F(Ends, WithASignalWhatRunsBehindAJumpHost) {
  go_through_a_jump_host();
  Listener listener(1, [] { raise(SIGINT); });
  FanOut fan_out(me);
  const auto replies = fan_out.run({target()}, kTwo, limits, listener);
  EXPECT_EQ(replies[0].reason, "interrupted; it was ended there");
  expect_gone(listener.out(0));
}

TEST_F(Ends, WhatHasAGroupOfItsOwn) {
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run("set -m; sleep 1000 & echo $$ $!; sleep 1001");
  EXPECT_EQ(answer.reply.end, End::timed_out);
  expect_gone(answer.out);
}

// As sudo (use_pty), script and setsid make one.
TEST_F(Ends, WhatHasASessionOfItsOwn) {
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run("setsid sleep 1000 & echo $$ $!; sleep 1001");
  EXPECT_EQ(answer.reply.reason, "the command did not end within 1 s; it was ended there");
  expect_gone(answer.out);
}

TEST_F(Ends, NoGpupciInTheMiddleOfItsWork) {
  limits.command_timeout = std::chrono::seconds(1);
  write_file(path("gpupci"), "#!/bin/sh\ntrap '' TERM\necho $$\nwhile :; do sleep 1; done\n");
  chmod(path("gpupci").c_str(), 0755);
  const auto answer = run(path("gpupci"));
  EXPECT_THAT(answer.reply.reason, HasSubstr("it was told to end, but runs there still"));
  const auto pid = answer.out.substr(0, answer.out.find('\n'));
  EXPECT_TRUE(runs(pid));
  kill(std::stoi(pid), SIGKILL);
}

TEST_F(Ends, NoOtherConnection) {
  limits.command_timeout = std::chrono::seconds(2);
  Heard heard(2);
  FanOut fan_out(me);
  auto quick = target("127.0.0.2");
  quick.command = "(trap '' HUP; exec sleep 1000) >/dev/null 2>&1 & echo $!";
  const auto replies = fan_out.run({target(), quick}, "sleep 1000", limits, heard);
  EXPECT_EQ(replies[0].end, End::timed_out);
  const auto pid = heard.out(1).substr(0, heard.out(1).find('\n'));
  EXPECT_TRUE(runs(pid)) << pid;
  kill(std::stoi(pid), SIGKILL);
}

TEST_F(Ends, AreToldTrulyWhereThereIsNoSecondChannel) {
  start("MaxSessions 1");
  limits.command_timeout = std::chrono::seconds(1);
  const auto answer = run("echo $$ $$; exec sleep 1000");
  EXPECT_EQ(answer.reply.end, End::timed_out);
  EXPECT_THAT(answer.reply.reason, HasSubstr("may still be running there"));
  kill(std::stoi(answer.out), SIGKILL);
}

TEST_F(Ends, WithTheFirstSignal) {
  Listener listener(2, [] { raise(SIGINT); });
  FanOut fan_out(me);
  auto quick = target("127.0.0.2");
  quick.command = "true";
  const auto replies = fan_out.run({target(), quick}, kTwo, limits, listener);
  EXPECT_EQ(replies[0].end, End::interrupted);
  EXPECT_EQ(replies[0].reason, "interrupted; it was ended there");
  expect_gone(listener.out(0));
  EXPECT_EQ(fan_out.interruption(), SIGINT);
  EXPECT_EQ(listener.were_pending.at(0), 0U);
  EXPECT_THAT(listener.order, ::testing::UnorderedElementsAre(0U, 1U));

  Heard later(1);
  EXPECT_EQ(fan_out.run({target()}, "echo x", limits, later)[0].end, End::interrupted);
  EXPECT_EQ(later.out(0), "");
}

TEST_F(Ends, WithTheSecondSignalAtOnce) {
  EXPECT_EXIT(
      {
        Listener listener(1, [] { raise(SIGTERM); });
        FanOut fan_out(me);
        fan_out.run({target()}, "trap '' TERM; echo x; while :; do sleep 1; done", limits,
                    listener);
        _exit(fan_out.interruption());
      },
      ::testing::ExitedWithCode(SIGTERM), "");
  class Twice : public Listener {
   public:
    Twice() : Listener(1, [] { raise(SIGTERM); }) {}
    void interrupted(const std::vector<std::size_t>&) override { raise(SIGTERM); }
  };
  EXPECT_EXIT(
      {
        Twice twice;
        FanOut fan_out(me);
        fan_out.run({target()}, "echo x; sleep 1000", limits, twice);
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

// nohup ignores SIGHUP, and a script's `&` SIGINT.
TEST_F(Ends, NothingWithASignalThatIsIgnored) {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    const auto before = ::signal(number, SIG_IGN);
    Listener listener(1, [number] { raise(number); });
    FanOut fan_out(me);
    const auto replies = fan_out.run({target()}, "echo x; sleep 0.2; echo y", limits, listener);
    ::signal(number, before);
    EXPECT_EQ(replies[0].end, End::exited) << replies[0].reason;
    EXPECT_EQ(listener.out(0), "x\ny\n");
    EXPECT_EQ(fan_out.interruption(), 0);
  }
}

// With `ulimit -n 160` each host is asked and ended all the same.
TEST_F(Ends, EachWithFewDescriptors) {
  configure("GlobalKnownHostsFile none\nUserKnownHostsFile " + path(".ssh/known_hosts") +
            "\nIdentityFile " + path(".ssh/id_ed25519"));
  limits.command_timeout = std::chrono::seconds(1);
  std::vector<Target> targets;
  for (int i = 1; i <= 25; ++i) {
    targets.push_back(target("127.0.7." + std::to_string(i)));
    targets.back().through_openssh = i > 1;
  }
  const auto run_with_few = [&] {
    const rlimit few{160, 160};
    setrlimit(RLIMIT_NOFILE, &few);
    Heard heard(targets.size());
    FanOut fan_out(me);
    for (const auto& reply : fan_out.run(targets, "exec sleep 1000", limits, heard)) {
      if (!reply.reason.ends_with("; it was ended there")) {
        std::cerr << reply.reason << '\n';
        return 1;
      }
    }
    return 0;
  };
  EXPECT_EXIT(_exit(run_with_few()), ::testing::ExitedWithCode(0), "");
}

TEST_F(Ends, WhenWhoTakesTheOutputFails) {
  Listener listener(1, [] { throw std::runtime_error("the disk is full"); });
  FanOut fan_out(me);
  EXPECT_THROW(fan_out.run({target()}, kTwo, limits, listener), std::runtime_error);
  expect_gone(listener.out(0));
  EXPECT_EQ(fan_out.interruption(), 0);
}

TEST_F(Ends, WhenNobodyReadsAnyMore) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Listener listener(1, [&] { close(ends[0]); });
  listener.closed = ends[1];
  FanOut fan_out(me);
  EXPECT_THROW(fan_out.run({target()}, kTwo, limits, listener), std::runtime_error);
  expect_gone(listener.out(0));
  close(ends[1]);
}

}  // namespace
}  // namespace cluster::ssh
