#include "rolls/engine/subprocess.h"

#include <gtest/gtest.h>

#include <csignal>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

class SubprocessTest : public ::testing::Test {
 protected:
  int sh(const std::string& lines) {
    return run_subprocess({{"sh", "-c", lines}, folder_.path(), out(), {}});
  }
  std::filesystem::path out() const { return folder_.path() / "out"; }
  std::string printed() const { return read_file(out()).value_or(""); }

  TempDir folder_;
};

TEST_F(SubprocessTest, ItsStatusIsReturned) {
  for (const int status : {0, 1, 3, 127, 255}) {
    EXPECT_EQ(sh("exit " + std::to_string(status)), status);
  }
}

TEST_F(SubprocessTest, ASignalIsAStatusAbove128) {
  EXPECT_EQ(sh("kill -TERM $$"), 128 + SIGTERM);
  EXPECT_EQ(sh("kill -KILL $$"), 128 + SIGKILL);
}

TEST_F(SubprocessTest, WordsReachItAsTheyAre) {
  const std::vector<std::string> strange{"", "a b", "$HOME", "'", "*", "-n", "\n"};
  std::vector<std::string> words{"sh", "-c", "for w; do printf '<%s>' \"$w\"; done", "sh"};
  words.insert(words.end(), strange.begin(), strange.end());
  EXPECT_EQ(run_subprocess({words, ".", out(), {}}), 0);
  EXPECT_EQ(printed(), "<><a b><$HOME><'><*><-n><\n>");
}

TEST_F(SubprocessTest, StartsInItsFolderWithItsOutputAndEnvironment) {
  const Subprocess program{{"sh", "-c", "pwd; echo \"$ROLLCALL_TEST $PATH\""},
                           folder_.path(),
                           out(),
                           {{"ROLLCALL_TEST", "a b"}, {"PATH", "/usr/bin:/bin"}}};
  EXPECT_EQ(run_subprocess(program), 0);
  EXPECT_EQ(printed(),
            std::filesystem::canonical(folder_.path()).native() + "\na b /usr/bin:/bin\n");
  EXPECT_EQ(::getenv("ROLLCALL_TEST"), nullptr);
}

TEST_F(SubprocessTest, ItsOutputTakesThePlaceOfAnOlderOne) {
  replace_file(out(), "a long line that was there before\n");
  EXPECT_EQ(sh("echo new"), 0);
  EXPECT_EQ(printed(), "new\n");
}

TEST_F(SubprocessTest, WhatCannotBeStartedIsNoStatus) {
  const auto failure = [](const Subprocess& program, const std::string& package) {
    try {
      run_subprocess(program, package);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::io);
      return std::string(error.what());
    }
    return std::string("it was started");
  };
  EXPECT_EQ(failure({{"no-such-program"}}, ""),
            "cannot run 'no-such-program': No such file or directory");
  EXPECT_EQ(failure({{"no-such-program"}}, "some-package"),
            "cannot run 'no-such-program': No such file or directory (apt-get install "
            "some-package)");
  EXPECT_EQ(failure({{"true"}, "/no/where"}, ""), "cannot run 'true': No such file or directory");
  EXPECT_EQ(failure({{"true"}, ".", "/no/where/out"}, ""),
            "cannot run 'true': No such file or directory");
  replace_file(folder_.path() / "text", "no program\n");
  EXPECT_EQ(failure({{(folder_.path() / "text").native()}}, ""),
            "cannot run '" + (folder_.path() / "text").native() + "': Permission denied");
}

// An interrupt at the terminal reaches all of its processes. While the program runs, only the
// program acts on it, in its usual way. Afterwards we act on it again.
TEST_F(SubprocessTest, AnInterruptIsTheProgramsAlone) {
  // A shell ignores SIGINT in the programs that it starts in the background.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  struct sigaction before {};
  ::sigaction(SIGINT, &usual, &before);
  EXPECT_EQ(sh("kill -INT $PPID; kill -QUIT $PPID; kill -INT $$"), 128 + SIGINT);
  struct sigaction after {};
  ::sigaction(SIGINT, &before, &after);
  EXPECT_EQ(after.sa_handler, usual.sa_handler);
}

}  // namespace
}  // namespace cluster::rolls
