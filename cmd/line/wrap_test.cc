#include "cmd/line/wrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "core/text.h"

namespace cluster::cmd {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

TEST(Wrap, FillsAParagraphAndBreaksOnlyBetweenWords) {
  EXPECT_EQ(wrapped("one two\nthree four five", 9), "one two\nthree\nfour five\n");
}

TEST(Wrap, KeepsParagraphsApart) { EXPECT_EQ(wrapped("a\nb\n\nc\n", 80), "a b\n\nc\n"); }

TEST(Wrap, LeavesIndentedLinesAsTheyAre) {
  EXPECT_EQ(wrapped("Type:\n    cluster   list host gpu vm-container-0-15\nDone.", 20),
            "Type:\n    cluster   list host gpu vm-container-0-15\nDone.\n");
}

TEST(Wrap, KeepsWhatStandsInBackquotesOnOneLine) {
  EXPECT_EQ(wrapped("see `cluster help attr` for more", 20),
            "see\n`cluster help attr`\nfor more\n");
  EXPECT_EQ(wrapped("see `cluster\nhelp attr`", 80), "see `cluster help attr`\n");
}

TEST(Wrap, DoesNotCutAWordThatIsTooLong) {
  EXPECT_EQ(wrapped("a pci_0000_02_00_0 b", 5), "a\npci_0000_02_00_0\nb\n");
}

TEST(Wrap, OfNothingIsNothing) { EXPECT_EQ(wrapped("", 80), ""); }

// At every width, the words and their order stay, and no line that has two words is too wide.
TEST(Wrap, ChangesOnlyWhereLinesEnd) {
  std::mt19937 random(7);  // the same words in every run
  for (std::size_t width = 1; width < 60; ++width) {
    std::string text;
    for (int i = 0; i < 50; ++i) {
      text += std::string(1 + random() % 12, static_cast<char>('a' + i % 26));
      text += random() % 4 == 0 ? '\n' : ' ';
    }
    const auto out = wrapped(text, width);
    auto words = text;
    auto words_out = out;
    std::ranges::replace(words, '\n', ' ');
    std::ranges::replace(words_out, '\n', ' ');
    EXPECT_EQ(trim(words_out), trim(words));
    for (const auto line : split(out, '\n')) {
      EXPECT_TRUE(line.size() <= width || line.find(' ') == std::string_view::npos) << line;
    }
    EXPECT_EQ(wrapped(out, width), out) << "wrapping again changed something";
  }
}

TEST(Hanging, GoesOnBelowTheBeginningOfTheText) {
  EXPECT_EQ(hanging("Usage: ", "cluster add host HOST [key=value...]", 32),
            "Usage: cluster add host HOST\n       [key=value...]\n");
  EXPECT_EQ(hanging("Usage: ", "", 32), "");
}

TEST(TwoColumns, WrapsTheRightColumnBelowItself) {
  const Rows rows{{"HOST", "hosts to show, all of them"}, {"detail=", "yes or no"}};
  EXPECT_EQ(two_columns(rows, 32),
            "  HOST     hosts to show, all of\n"
            "           them\n"
            "  detail=  yes or no\n");
}

TEST(TwoColumns, GivesANameThatIsTooWideALineOfItsOwn) {
  const Rows rows{{"a-name-of-thirty-characters-xx", "what it is"}, {"b", "short"}};
  EXPECT_EQ(two_columns(rows, 80),
            "  a-name-of-thirty-characters-xx\n"
            "     what it is\n"
            "  b  short\n");
}

TEST(TwoColumns, ShowsANameWithoutADescription) {
  EXPECT_EQ(two_columns(Rows{{"pci_hole64", ""}}, 80), "  pci_hole64\n");
}

}  // namespace
}  // namespace cluster::cmd
