#include "cmd/signs_of_life.h"

#include <gmock/gmock.h>

#include <sstream>
#include <thread>

namespace cluster::cmd {
namespace {

using ::testing::HasSubstr;

TEST(ProgressLine, SaysHowFarItIs) {
  EXPECT_EQ(progress_line({98, 55, 43, 3, std::chrono::seconds(27)}, 80),
            "98 hosts: 40 done, 3 failed, 55 running, 27 s left");
  EXPECT_EQ(progress_line({98, 8, 0, 0, std::chrono::seconds(0)}, 80),
            "98 hosts: 0 done, 8 running, 90 waiting");
  EXPECT_EQ(progress_line({1, 1, 0, 0, std::chrono::seconds(290)}, 80),
            "1 host: 0 done, 1 running, 5 min left");
  EXPECT_EQ(progress_line({98, 55, 43, 3, std::chrono::seconds(27)}, 20), "98 hosts: 40 done, ");
}

// Prints as a run of several hosts does.
class Prints : public ssh::Sink {
 public:
  explicit Prints(std::ostream& stream) : stream_(stream) {}
  void out(std::size_t, std::string_view bytes) override { stream_ << bytes; }
  void err(std::size_t, std::string_view bytes) override { stream_ << bytes; }
  void ended(std::size_t, const ssh::Reply&) override {}

 private:
  std::ostream& stream_;
};

// Does what a run of a real one would, at the times that a test wants.
class Played : public ssh::Transport {
 public:
  std::vector<ssh::Reply> run(const std::vector<ssh::Target>& targets, const std::string&,
                              const ssh::Limits&, ssh::Sink& sink) override {
    wanted_progress = sink.wants_progress();
    const ssh::Progress progress{targets.size(), 1, 1, 0, std::chrono::seconds(9)};
    if (wanted_progress) sink.progress(progress);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    sink.out(0, first);
    if (wanted_progress) sink.progress(progress);
    sink.out(0, "second\n");
    if (interrupts) sink.interrupted({0, 1});
    return {};
  }
  void work_on(const std::vector<ssh::Target>& targets, const ssh::Work& work,
               ssh::Sink& sink) override {
    wanted_progress = sink.wants_progress();
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    if (wanted_progress) sink.progress({targets.size(), 1, 1, 0, std::chrono::seconds(0)});
    outlet = sink.outlet();
    if (outlet >= 0) sink.unread();
    work(0);
    if (interrupts) sink.interrupted({0, 1});
  }
  std::vector<bool> finds(const std::vector<ssh::Target>&) override { return {}; }
  int converse(const ssh::Target&, const std::string&, std::chrono::seconds) override { return 0; }

  std::string first = "first\n";
  int outlet = 0;
  bool interrupts = false;
  bool wanted_progress = false;
};

class Signs : public ::testing::Test {
 protected:
  std::string shown(std::size_t hosts, bool shows) {
    SignsOfLife signs(played, output, shows ? 80 : 0);
    Prints prints(terminal);
    signs.run(named(hosts), "x", {}, prints);
    return terminal.str();
  }

  std::string shown_of_work(std::size_t hosts, bool shows) {
    SignsOfLife signs(played, output, shows ? 80 : 0);
    ssh::SilentSink sink;
    signs.work_on(
        named(hosts), [](std::size_t) { return true; }, sink);
    return terminal.str();
  }

  static std::vector<ssh::Target> named(std::size_t hosts) {
    std::vector<ssh::Target> targets(hosts);
    for (std::size_t i = 0; i < hosts; ++i) targets[i].name = "n" + std::to_string(i);
    return targets;
  }

  std::ostringstream terminal;
  Output output{terminal, terminal, 80, {}, 1};

  Played played;
};

TEST_F(Signs, AreWipedBeforeAnythingElse) {
  EXPECT_EQ(shown(2, true), "first\n\r\x1b[K2 hosts: 1 done, 1 running, 9 s left\r\x1b[Ksecond\n");
}

TEST_F(Signs, AreNotInTheMiddleOfALine) {
  played.first = "50 %";
  EXPECT_EQ(shown(1, true), "50 %second\n");
}

TEST_F(Signs, AreNotThereWithoutATerminal) {
  EXPECT_EQ(shown(2, false), "first\nsecond\n");
  EXPECT_FALSE(played.wanted_progress);
}

TEST_F(Signs, EndWithTheReaderWhereTheCommandOnlyAnswers) {
  EXPECT_NO_THROW(shown_of_work(1, false));
  EXPECT_EQ(played.outlet, -1);
  output.set_only_answers(true);
  EXPECT_THROW(shown_of_work(1, false), ClosedPipe);
  EXPECT_EQ(played.outlet, 1);
}

TEST_F(Signs, NameWhoIsPending) {
  played.interrupts = true;
  EXPECT_THAT(shown(3, false), HasSubstr("cluster: interrupted: ending what runs on n[0-1] (2); "
                                         "once more ends at once\n"));
}

TEST_F(Signs, AreThereWhileALibraryBlocks) {
  EXPECT_EQ(shown_of_work(2, true), "\r\x1b[K2 hosts: 1 done, 1 running\r\x1b[K");
}

TEST_F(Signs, NameWhomALibraryWaitsFor) {
  played.interrupts = true;
  EXPECT_EQ(shown_of_work(3, false),
            "cluster: interrupted: waiting no longer for n[0-1] (2); once more ends at once\n");
}

}  // namespace
}  // namespace cluster::cmd
