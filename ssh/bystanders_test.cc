// What happens beside the hosts while a loop turns: a signal, a reader who goes, a tick.

#include "ssh/bystanders.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

// A sink that prints into a file descriptor.
class Outlet : public Sink {
 public:
  explicit Outlet(int file, bool wants_progress = false)
      : file_(file), wants_progress_(wants_progress) {}

  void out(std::size_t, std::string_view) override {}
  void err(std::size_t, std::string_view) override {}
  void ended(std::size_t, const Reply&) override {}
  int outlet() const override { return file_; }
  void unread() override { ++unread_; }
  bool wants_progress() const override { return wants_progress_; }

  int times_unread() const { return unread_; }

 private:
  int file_;
  bool wants_progress_;
  int unread_ = 0;
};

// Two ends that a reader and a writer have.
struct Ends {
  FileDescriptor reader;
  FileDescriptor writer;
};

Ends a_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Ends a_socket() {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// Turns the loop with what has happened by now.
void turn_once(Loop& loop) { loop.turn(Clock::now()); }

TEST(OutletWatch, TellsOnceThatNobodyReads) {
  for (auto make : {a_pipe, a_socket}) {
    auto ends = make();
    Loop loop;
    Outlet sink(ends.writer.get());
    const OutletWatch watch(loop, sink);
    turn_once(loop);
    EXPECT_EQ(sink.times_unread(), 0);
    ends.reader.reset();
    turn_once(loop);
    turn_once(loop);
    EXPECT_EQ(sink.times_unread(), 1);
  }
}

// A reader that is slow has not gone.
TEST(OutletWatch, SaysNothingOfAFullPipe) {
  auto ends = a_pipe();
  ASSERT_EQ(fcntl(ends.writer.get(), F_SETFL, O_NONBLOCK), 0);
  while (write(ends.writer.get(), "x", 1) == 1) continue;
  Loop loop;
  Outlet sink(ends.writer.get());
  const OutletWatch watch(loop, sink);
  turn_once(loop);
  EXPECT_EQ(sink.times_unread(), 0);
}

TEST(OutletWatch, LooksAtNoFileAndAtNothing) {
  const TempDir folder;
  const FileDescriptor file(
      open((folder.path() / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Loop loop;
  for (const int outlet : {file.get(), -1, 1'000'000}) {
    Outlet sink(outlet);
    const OutletWatch watch(loop, sink);
    turn_once(loop);
    EXPECT_EQ(sink.times_unread(), 0);
  }
}

TEST(OutletWatch, MayGoBeforeItsReader) {
  auto ends = a_pipe();
  Loop loop;
  Outlet sink(ends.writer.get());
  { const OutletWatch watch(loop, sink); }
  ends.reader.reset();
  turn_once(loop);
  EXPECT_EQ(sink.times_unread(), 0);
}

// Signals do what they do by themselves, whoever has started the test (nohup).
class SignalOfARun : public ::testing::TestWithParam<int> {
 protected:
  SignalOfARun() : before_(std::signal(GetParam(), SIG_DFL)) {}
  ~SignalOfARun() override { std::signal(GetParam(), before_); }

  static bool is_blocked() {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    return sigismember(&now, GetParam()) == 1;
  }

 private:
  void (*before_)(int);
};
INSTANTIATE_TEST_SUITE_P(EachOfThem, SignalOfARun, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

// The second one ends the program at once.
TEST_P(SignalOfARun, IsSeenOnceAndThenDoesWhatItDid) {
  Loop loop;
  const SignalWatch watch(loop);
  EXPECT_EQ(watch.number(), 0);
  EXPECT_TRUE(is_blocked());
  ASSERT_EQ(raise(GetParam()), 0);
  while (watch.number() == 0) loop.turn();
  EXPECT_EQ(watch.number(), GetParam());
  EXPECT_FALSE(is_blocked());
}

TEST_P(SignalOfARun, IsLeftAloneWhereItIsIgnored) {
  std::signal(GetParam(), SIG_IGN);
  Loop loop;
  const SignalWatch watch(loop);
  ASSERT_EQ(raise(GetParam()), 0);
  turn_once(loop);
  EXPECT_EQ(watch.number(), 0);
}

TEST_P(SignalOfARun, IsCaughtWhileTheWatchLivesAndNoLonger) {
  Loop loop;
  { const SignalWatch watch(loop); }
  EXPECT_FALSE(is_blocked());
}

TEST(Ticker, WakesTheLoopAgainAndAgain) {
  Loop loop;
  Outlet sink(-1, true);
  Ticker ticker(loop, sink);
  EXPECT_FALSE(ticker.take());
  for (int tick = 0; tick < 2; ++tick) {
    while (!ticker.take()) loop.turn();
    EXPECT_FALSE(ticker.take()) << "true once for each time";
  }
}

TEST(Ticker, IsSilentWhereNobodyWantsProgress) {
  Loop loop;
  Outlet sink(-1, false);
  Ticker ticker(loop, sink);
  EXPECT_FALSE(loop.last_alarm());
  EXPECT_FALSE(ticker.take());
}

}  // namespace
}  // namespace cluster::ssh
