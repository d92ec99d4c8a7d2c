#include "cmd/line/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "cmd/line/output.h"

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

TEST(TerminalWidth, OfATableIsTheWholeTerminal) {
  EXPECT_EQ(terminal_columns(Terminal(250).file()), 250U);
  EXPECT_EQ(terminal_columns(Terminal(8).file()), 8U);
  EXPECT_EQ(terminal_columns(-1), 0U);
}

TEST(TerminalWidth, OfATableCutsItsLines) {
  const Terminal terminal(20);
  const Table table{{"host", "failing"},
                    {{Cell{"n1"}, Cell{"D1: fallen off the bus"}},
                     {Cell{"n2"}, Cell{"Grüße aus dem Süd"}},
                     {Cell{"n3"}, Cell{"Grüße aus dem Süden"}}}};
  const auto printed = [&](Terminals terminals, Format format = Format::table) {
    std::ostringstream out;
    std::ostringstream err;
    Output output(out, err, 80, terminals, terminal.file());
    output.set_format(format);
    output.table(table);
    return out.str();
  };
  EXPECT_EQ(printed({.out = true}),
            "HOST FAILING\n"
            "n1:  D1: fallen off…\n"
            "n2:  Grüße aus dem …\n"
            "n3:  Grüße aus dem …\n");
  EXPECT_EQ(printed({}),
            "HOST FAILING\n"
            "n1:  D1: fallen off the bus\n"
            "n2:  Grüße aus dem Süd\n"
            "n3:  Grüße aus dem Süden\n");
  EXPECT_EQ(printed({.out = true}, Format::csv), printed({}, Format::csv));
}

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
