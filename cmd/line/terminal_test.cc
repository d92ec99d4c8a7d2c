#include "cmd/line/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace cluster::cmd {
namespace {

// A terminal with `columns` columns, made in the way of a terminal emulator.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) : file_(posix_openpt(O_RDWR | O_NOCTTY)) {
    EXPECT_GE(file_, 0);
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    EXPECT_EQ(ioctl(file_, TIOCSWINSZ, &size), 0);
  }
  ~Terminal() { close(file_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int file() const { return file_; }

 private:
  int file_;
};

TEST(TerminalWidth, IsThatOfTheTerminal) {
  EXPECT_EQ(terminal_width(Terminal(72).file()), 72U);
  EXPECT_EQ(terminal_width(Terminal(100).file()), 100U);
}

TEST(TerminalWidth, IsNeverWiderOrNarrowerThanAPersonReads) {
  EXPECT_EQ(terminal_width(Terminal(250).file()), 100U);
  EXPECT_EQ(terminal_width(Terminal(8).file()), 40U);
}

TEST(TerminalWidth, Is80WithoutATerminal) {
  EXPECT_EQ(terminal_width(-1), 80U);
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  EXPECT_EQ(terminal_width(pipe_ends[1]), 80U);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(TerminalWidth, Is80WhereTheTerminalDoesNotKnow) {
  EXPECT_EQ(terminal_width(Terminal(0).file()), 80U);
}

}  // namespace
}  // namespace cluster::cmd
