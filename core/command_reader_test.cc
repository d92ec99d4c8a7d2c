#include "core/command_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

using Lines = std::vector<std::pair<int, std::vector<std::string>>>;

Lines read(const std::string& text) {
  Lines lines;
  CommandReader reader(text);
  for (CommandLine command; reader.next(command);) {
    lines.emplace_back(command.line, command.words);
  }
  return lines;
}

std::string refused(const std::string& text) {
  try {
    return "taken, " + std::to_string(read(text).size());
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(CommandReader, ReadsWordsAsAShellDoes) {
  EXPECT_EQ(read(""), Lines{});
  EXPECT_EQ(read("\n # nothing\n\t\n"), Lines{});
  EXPECT_EQ(read("a b\r\n\nc#d '' #e\n"), (Lines{{1, {"a", "b"}}, {3, {"c#d", ""}}}));
  EXPECT_EQ(read("'a\nb'\"c\nd\"e\nf"), (Lines{{1, {"a\nbc\nde"}}, {4, {"f"}}}));
  EXPECT_EQ(read("a \\\n b \\' \"\\\"\\x\\$\""), (Lines{{1, {"a", "b", "'", "\"\\x$"}}}));
}

TEST(CommandReader, RefusesWhatAShellWouldTakeAnotherWay) {
  EXPECT_EQ(refused("a\nb $c\n"), "line 2: a shell would not take '$' as it is (want quotes)");
  EXPECT_EQ(refused("a; b"), "line 1: a shell would not take ';' as it is (want quotes)");
  EXPECT_EQ(refused("\"$(x)\""), "line 1: a shell would replace this (want single quotes)");
  EXPECT_EQ(refused("a\n'b\n\n"), "line 2: a quote (') is not closed");
  EXPECT_EQ(refused("\"b\n\n"), "line 1: a quote (\") is not closed");
  EXPECT_EQ(refused(std::string("a\0b", 3)), "line 1: a NUL is in it");
}

TEST(CommandReader, ReadsBackWhatShellWordWrites) {
  std::mt19937 random(7);
  constexpr std::string_view kBytes = "ab=-[],\"'\\ \n\t$`{}%#&;|<>*?!~()\x01\xff\r";
  for (int i = 0; i < 500; ++i) {
    std::string text;
    std::vector<std::string> words{"x"};
    for (auto count = random() % 4; count > 0; --count) {
      std::string word;
      for (auto size = random() % 9; size > 0; --size) word += kBytes[random() % kBytes.size()];
      words.push_back(word);
    }
    for (const auto& word : words) text += shell_word(word) + " ";
    const auto back = read(text + "\n");
    ASSERT_EQ(back.size(), 1U) << text;
    EXPECT_EQ(back[0].second, words) << text;
  }
}

}  // namespace
}  // namespace cluster
