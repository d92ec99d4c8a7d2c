#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "cmd/command_table.h"
#include "cmd/line/help_page.h"
#include "cmd/line/output.h"
#include "cmd/line/parse.h"
#include "core/text.h"
#include "tests/support/shell_words.h"

// These tests hold for every command that there is.
namespace cluster::cmd {
namespace {

std::string help(const std::string& what) {
  std::ostringstream out;
  Output output(out, out);
  print_help(output, command_table(), what);
  return out.str();
}

// The lines below EXAMPLE in the help of `command`.
std::vector<std::string> examples_of(const Command& command) {
  std::vector<std::string> examples;
  bool below = false;
  const auto page = help(std::string(command.path));
  for (const auto line : split(page, '\n')) {
    if (below && !line.empty()) examples.emplace_back(trim(line));
    below = below || line == "EXAMPLE";
  }
  return examples;
}

TEST(Commands, AreSortedAndEachIsThereOnce) {
  std::set<std::string_view> paths;
  for (const auto& command : command_table().commands)
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
  EXPECT_TRUE(std::ranges::is_sorted(command_table().commands, {}, &Command::path));
}

TEST(Commands, SayWhatTheyDo) {
  for (const auto& command : command_table().commands) {
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_FALSE(command.summary.ends_with('.')) << command.path;
    Options options;
    CommonOptions common;
    declare(command, options, common);
    for (const auto& option : options.all()) {
      EXPECT_FALSE(option.help.empty()) << command.path << " " << option.name << option.key;
    }
  }
}

TEST(Commands, BelongToAGroupAndNoGroupIsEmpty) {
  std::set<std::string_view> used;
  for (const auto& command : command_table().commands) {
    EXPECT_NE(std::ranges::find(command_table().groups, command.group),
              command_table().groups.end())
        << command.path;
    used.insert(command.group);
  }
  EXPECT_EQ(used.size(), command_table().groups.size());
}

TEST(Commands, HaveHelpThatFitsIntoEightyColumns) {
  auto pages = std::vector<std::string>{"", "attr", "host gpu", "list", "dump"};
  for (const auto& command : command_table().commands) pages.emplace_back(command.path);
  for (const auto& what : pages) {
    const auto page = help(what);
    EXPECT_TRUE(is_utf8_text(page)) << what;
    for (const auto line : split(page, '\n')) {
      EXPECT_LE(line.size(), 80U) << what << ": " << line;
      EXPECT_FALSE(line.ends_with(' ')) << what << ": " << line;
    }
  }
}

TEST(Commands, HaveExamplesThatAreCommandLinesOfTheirOwn) {
  for (const auto& command : command_table().commands) {
    const auto examples = examples_of(command);
    EXPECT_FALSE(examples.empty()) << command.path << " has no EXAMPLE";
    for (const auto& example : examples) {
      auto words = shell_words(example.substr(0, example.find(" > ")));
      ASSERT_FALSE(words.empty());
      EXPECT_EQ(words.front(), "cluster") << example;
      words.erase(words.begin());
      EXPECT_TRUE(joined(words, " ").starts_with(command.path))
          << command.path << " has the example of another: " << example;
      try {
        EXPECT_EQ(parse(words, command_table()).wants, Invocation::Wants::command) << example;
      } catch (const std::exception& error) {
        ADD_FAILURE() << example << ": " << error.what();
      }
    }
  }
}

// Nobody would read a text that no command has.
TEST(HelpTexts, AreEachUsed) {
  std::set<std::string> known{"overview.txt", "reference.txt", "manual.txt",
                              "manual_description.txt"};
  for (const auto& command : command_table().commands) {
    std::string name(command.path);
    std::ranges::replace(name, ' ', '_');
    known.insert(name + ".txt");
  }
  for (const auto& text : command_table().texts) {
    for (const auto line : split(text.text, '\n')) {
      if (line.starts_with('@')) known.emplace(line.substr(1));
    }
  }
  for (const auto& text : command_table().texts)
    EXPECT_TRUE(known.contains(std::string(text.name))) << text.name;
}

// Help counts bytes when it cuts lines.
TEST(HelpTexts, AreAsciiWithoutTabs) {
  for (const auto& text : command_table().texts) {
    EXPECT_TRUE(std::ranges::all_of(text.text, [](char c) {
      return c == '\n' || (c >= ' ' && c <= '~');
    })) << text.name;
  }
}

// A verb, or a command with or without keys.
TEST(FirstWords, MeanSomethingThatThereIs) {
  const auto& table = command_table();
  const auto starts = [&](std::string_view words) {
    return std::ranges::any_of(table.commands, [&](const Command& command) {
      const auto path = std::string(command.path) + " ";
      const auto typed = std::string(words) + " ";
      return path.starts_with(typed) || typed.starts_with(path);
    });
  };
  for (const auto& first : first_words()) {
    auto meaning = first.meaning;
    if (meaning.starts_with("help ")) meaning.remove_prefix(5);
    EXPECT_TRUE(starts(meaning)) << first.word;
  }
}

TEST(Synonyms, MeanSomethingThatHasCommands) {
  for (const auto& synonym : command_table().synonyms) {
    EXPECT_EQ(help(std::string(synonym.word)), help(std::string(synonym.noun))) << synonym.word;
  }
}

}  // namespace
}  // namespace cluster::cmd
