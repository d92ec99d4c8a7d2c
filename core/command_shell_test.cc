// CommandReader against the shell of the system, on texts of what means something to a shell.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/command_reader.h"
#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

// The words of each command, or nothing when the text is refused.
std::optional<std::vector<std::vector<std::string>>> commands_in(const std::string& text) {
  std::vector<std::vector<std::string>> commands;
  CommandReader reader(text);
  CommandLine command;
  try {
    while (reader.next(command)) commands.push_back(command.words);
  } catch (const Error&) {
    return std::nullopt;
  }
  return commands;
}

// What a script prints that calls `say` with words: their number, then each, all with a NUL.
std::string said(const std::string& script) {
  std::string name = std::filesystem::temp_directory_path() / "rollcall-words-XXXXXX";
  ::close(::mkstemp(name.data()));
  std::ofstream(name) << "say() { printf '%s\\0' \"$#\" \"$@\"; }\n" << script;
  const std::unique_ptr<FILE, int (*)(FILE*)> shell(popen(("sh " + name).c_str(), "r"), pclose);
  std::string answer;
  std::array<char, 4096> buffer{};
  while (const auto size = fread(buffer.data(), 1, buffer.size(), shell.get())) {
    answer.append(buffer.data(), size);
  }
  std::filesystem::remove(name);
  return answer;
}

TEST(CommandShell, AShellReadsTheSameWords) {
  std::mt19937 random(84);
  const std::vector<std::string> pieces{"a",    "b",    " ",   "\t",  "\\",  "\\\n", "\\\\", "'",
                                        "\"",   "\\\"", "\\$", "\\`", "\\x", "#",    "\n",   "''",
                                        "\"\"", "c d",  "=",   "-",   "$",   "`",    ";"};
  std::string script;
  std::string expected;
  int taken = 0;
  int several = 0;
  for (int round = 0; round < 6'000; ++round) {
    std::string text = "say ";
    for (auto count = random() % 9; count > 0; --count) text += pieces[random() % pieces.size()];
    // Lines after the first are commands of their own, which begin with `say`, too.
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
      if (random() % 2 == 0) text.insert(at + 1, "say ");
    }
    text += "\n\n";  // the second one ends a line that a backslash carries on
    const auto commands = commands_in(text);
    const auto is_said = [](const std::vector<std::string>& words) { return words[0] == "say"; };
    if (!commands || !std::ranges::all_of(*commands, is_said)) continue;
    ++taken;
    if (commands->size() > 1) ++several;
    script += text;
    for (const auto& words : *commands) {
      expected += std::to_string(words.size() - 1) + '\0';
      for (std::size_t i = 1; i < words.size(); ++i) expected += words[i] + '\0';
    }
  }
  EXPECT_GT(taken, 1'000);
  EXPECT_GT(several, 100);
  EXPECT_EQ(said(script), expected);
}

// The line of a command is where its first word begins, whatever goes over lines before it.
TEST(CommandShell, ALineIsThatOfItsFirstWord) {
  const auto lines_of = [](const std::string& text) {
    std::string lines;
    CommandReader reader(text);
    for (CommandLine command; reader.next(command);) lines += std::to_string(command.line) + " ";
    return lines;
  };
  EXPECT_EQ(lines_of("a\nb\n"), "1 2 ");
  EXPECT_EQ(lines_of("a \\\n b\nc\n"), "1 3 ");
  EXPECT_EQ(lines_of("a \"x\\\ny\"\nb\n"), "1 3 ");
  EXPECT_EQ(lines_of("a \"x\ny\"\nb\n"), "1 3 ");
  EXPECT_EQ(lines_of("a 'x\ny'\nb\n"), "1 3 ");
  EXPECT_EQ(lines_of("# a\n\n\\\nb"), "4 ");
}

TEST(CommandShell, TheMemoryOfALongerCommandIsNotInTheNextOne) {
  CommandReader reader("a b c\nd\n\ne f");
  CommandLine command;
  ASSERT_TRUE(reader.next(command));
  EXPECT_EQ(command.words, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(reader.next(command));
  EXPECT_EQ(command.words, std::vector<std::string>{"d"});
  ASSERT_TRUE(reader.next(command));
  EXPECT_EQ(command.words, (std::vector<std::string>{"e", "f"}));
  EXPECT_FALSE(reader.next(command));
  EXPECT_EQ(command.words.size(), 0U);
}

TEST(CommandShell, WhatAShellWouldReplaceInQuotesIsRefused) {
  for (const auto* text : {"say \"$x\"", "say \"`x`\"", "say \"\\", "say \"\\\"", "say \"a\\\n"}) {
    EXPECT_EQ(commands_in(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cluster
