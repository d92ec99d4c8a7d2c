#include "core/terminal_text.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace cluster {
namespace {

TEST(Brief, IsCutBetweenCharacters) {
  EXPECT_EQ(brief("a\x1b"), "a\\x1b");
  const std::string most(998, 'a');
  EXPECT_EQ(brief(most + "\xc3\xa9"), most + "\xc3\xa9");
  EXPECT_EQ(brief(most + "\xe2\x82\xac"), most + "...");
  EXPECT_EQ(brief(most + "\xe2\x82\xac" + most), most + "...");
  EXPECT_EQ(brief(std::string(1001, '\x80')).size(), 4U * 997 + 3) << "no characters at all";
}

TEST(TerminalText, MayNeedEscapesWhereverTheyAreMade) {
  for (int number = 0; number < 256; ++number) {
    const std::string text(1, static_cast<char>(number));
    EXPECT_TRUE(may_need_escapes(text) || escaped(text, false) == text) << number;
  }
  EXPECT_TRUE(may_need_escapes("a\xc2\x9b"));
  EXPECT_FALSE(may_need_escapes("a ~"));
}

TEST(TerminalText, ControlCharactersAreEscaped) {
  EXPECT_EQ(printable("a\x1b]0;t\x07\tb\n"), "a\\x1b]0;t\\x07\\x09b\\x0a");
  EXPECT_EQ(for_terminal("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
}

TEST(TerminalText, ThoseOfUnicodeToo) {
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("\xc3\x9f\xc2\xa0!"), "\xc3\x9f\xc2\xa0!");
}

TEST(TerminalText, AndBytesThatAreNoText) {
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "\\x9b31m");
}

TEST(TerminalText, JsonKeepsItsMeaning) {
  EXPECT_EQ(json_for_terminal("\"a\x7f\xc2\x9b\xc2\xa0\xc3\x9f\""),
            "\"a\\u007f\\u009b\xc2\xa0\xc3\x9f\"");
  EXPECT_EQ(json_for_terminal("\xc2"), "\xc2");
}

TEST(TerminalText, ALineKeepsItsTabs) {
  EXPECT_EQ(for_terminal("a\tb\r"), "a\tb");
  EXPECT_EQ(for_terminal("50 %\rdone"), "50 %\\x0ddone");
}

}  // namespace
}  // namespace cluster
