// A command gives back its status and its output, byte for byte.
#include <filesystem>

#include "core/error.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Command : public Server {
 protected:
  Command() { start(); }
};

TEST_F(Command, GivesItsStatusAndBothStreamsApart) {
  const auto answer = run("echo out; echo err >&2; exit 7");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.reply.status, 7);
  EXPECT_EQ(answer.reply.reason, "");
  EXPECT_EQ(answer.out, "out\n");
  EXPECT_EQ(answer.err, "err\n");
}

TEST_F(Command, GivesZeroWhenItSucceeds) {
  const auto answer = run("true");
  EXPECT_EQ(answer.reply.end, End::exited) << answer.reply.reason;
  EXPECT_EQ(answer.reply.status, 0);
}

TEST_F(Command, GivesTheStatusOfSsh) {
  EXPECT_EQ(run("exit 255").reply.status, 255);
  EXPECT_EQ(run("exit 255").reply.end, End::exited);
}

TEST_F(Command, ReachesTheShellUnchanged) {
  EXPECT_EQ(run("X='a  b'; printf %s \"$X\"").out, "a  b");
  EXPECT_EQ(run("printf '%s|' \"it's\" '$HOME' \\\"").out, "it's|$HOME|\"|");
  EXPECT_EQ(run("[ -f /x ] || echo no").out, "no\n");
  EXPECT_EQ(run("echo one\necho two\n").out, "one\ntwo\n");
  EXPECT_EQ(run("printf '%s' '\xc3\xa9\\\t*'").out, "\xc3\xa9\\\t*");
}

TEST_F(Command, ReadsNothing) { EXPECT_EQ(run("cat; echo end").out, "end\n"); }

TEST_F(Command, ReadsItsInputWhole) {
  auto asked = target();
  std::string text;
  for (int i = 0; text.size() < 4'000'000; ++i) text += std::to_string(i) + "\n";
  asked.input = text;
  Heard heard(1);
  FanOut fan_out(me);
  const auto replies = fan_out.run({asked}, "cat; echo end", limits, heard);
  EXPECT_EQ(replies[0].status, 0) << replies[0].reason;
  EXPECT_TRUE(heard.out(0) == text + "end\n") << heard.out(0).size();
}

TEST_F(Command, NeedNotReadItsInput) {
  auto asked = target();
  asked.input = std::string(10'000'000, 'x');
  const auto answer = run(asked, "head -c 3; exit 7");
  EXPECT_EQ(answer.reply.status, 7) << answer.reply.reason;
  EXPECT_EQ(answer.out, "xxx");
}

TEST_F(Command, IsRefusedWhenNoShellCouldRunIt) {
  EXPECT_THROW(run(""), Error);
  EXPECT_THROW(run(std::string("a\0b", 3)), Error);
}

TEST_F(Command, CanPrintMuch) {
  class Counter : public Sink {
   public:
    void out(std::size_t, std::string_view bytes) override { size += bytes.size(); }
    void err(std::size_t, std::string_view) override {}
    void ended(std::size_t, const Reply&) override {}
    std::size_t size = 0;
  };
  Counter counter;
  FanOut fan_out(me);
  const auto replies = fan_out.run({target()}, "head -c 50000000 /dev/zero", limits, counter);
  EXPECT_EQ(replies[0].end, End::exited) << replies[0].reason;
  EXPECT_EQ(counter.size, 50000000U);
}

TEST_F(Command, GivesAllItPrintedBeforeItsEnd) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(run("head -c 100000 /dev/zero").out.size(), 100000U);
    EXPECT_EQ(run("head -c 100000 /dev/zero >&2").err.size(), 100000U);
  }
}

TEST_F(Command, RunsOnManyHostsAtOnce) {
  std::vector<Target> targets;
  for (int i = 1; i <= 64; ++i) targets.push_back(target("127.0.7." + std::to_string(i)));
  Heard heard(targets.size());
  FanOut fan_out(me);
  const auto replies =
      fan_out.run(targets, "echo $SSH_CONNECTION | cut -d ' ' -f 3", limits, heard);
  EXPECT_THAT(replies, Each(Field(&Reply::status, 0)));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    EXPECT_EQ(heard.out(i), targets[i].address + "\n") << replies[i].reason;
  }
}

TEST_F(Command, RunsOneAfterTheOtherWhenToldTo) {
  limits.at_once = 1;
  Heard heard(3);
  FanOut fan_out(me);
  // The first command sleeps longest: if they did not run in turn, it would end last.
  fan_out.run({target("127.0.0.1"), target("127.0.0.2"), target("127.0.0.3")},
              "case $SSH_CONNECTION in *\\ 127.0.0.1\\ *) sleep 0.5;; esac", limits, heard);
  EXPECT_THAT(heard.order, ElementsAre(0, 1, 2));
}

TEST_F(Command, MeetsAHostTwice) {
  Heard heard(2);
  FanOut fan_out(me);
  fan_out.run({target(), target()}, "echo once", limits, heard);
  EXPECT_EQ(heard.out(0), "once\n");
  EXPECT_EQ(heard.out(1), "once\n");
}

TEST_F(Command, MayBeAnotherOnEachHost) {
  std::vector<Target> targets{target(), target("127.0.0.2"), target("127.0.0.3")};
  targets[0].command = "echo mine";
  targets[1].command = "echo \"it's\" ours";
  Heard heard(3);
  FanOut fan_out(me);
  fan_out.run(targets, "echo everybody", limits, heard);
  EXPECT_EQ(heard.out(0), "mine\n");
  EXPECT_EQ(heard.out(1), "it's ours\n");
  EXPECT_EQ(heard.out(2), "everybody\n");
}

TEST_F(Command, LeavesNoDescriptorOpen) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  FanOut fan_out(me);
  Heard heard(3);
  const std::vector<Target> targets{target(), target("127.0.0.2"), {"closed", "127.0.0.1", 1, ""}};
  fan_out.run(targets, "true", limits, heard);  // libraries may keep some
  const auto before = count();
  fan_out.run(targets, "true", limits, heard);
  EXPECT_EQ(count(), before);
}

TEST_F(Command, KilledThereIsSaidSo) {
  const auto answer = run("kill -9 $$");
  EXPECT_EQ(answer.reply.end, End::signaled);
  EXPECT_THAT(answer.reply.reason, HasSubstr("signal 'KILL'"));
}

TEST_F(Command, IsLostWithTheConnection) {
  const auto answer = run("echo begun; sleep 0.2; kill -9 $PPID; sleep 60");
  EXPECT_EQ(answer.reply.end, End::lost);
  EXPECT_THAT(answer.reply.reason, HasSubstr("may still be running"));
  EXPECT_EQ(answer.out, "begun\n");
}

TEST_F(Command, StopsWithTheFailureOfTheSink) {
  class Broken : public Sink {
   public:
    void out(std::size_t, std::string_view) override { throw Error(Fault::io, "full"); }
    void err(std::size_t, std::string_view) override {}
    void ended(std::size_t, const Reply&) override {}
  };
  Broken broken;
  FanOut fan_out(me);
  EXPECT_THROW(fan_out.run({target()}, "echo x", limits, broken), Error);
}

TEST_F(Command, GoesNowhereWithoutHosts) {
  Heard heard(0);
  FanOut fan_out(me);
  EXPECT_THAT(fan_out.run({}, "true", limits, heard), ElementsAre());
}

}  // namespace
}  // namespace cluster::ssh
