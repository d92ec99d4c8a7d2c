#include "cmd/line/help_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "cmd/line/output.h"
#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Action declare_nothing(Options&) { return {}; }

Action declare_add_box(Options& options) {
  static std::string text;
  static std::vector<std::string> texts;
  options.argument("BOX", text, "name of the box").required();
  options.argument("LID", texts, "its lids, oak|elm").or_key("lid");
  options.key("colour", text, "a long story about the colour that it has [no colour at all]");
  return {};
}

constexpr std::array kBoxes{
    Command{"add big box", "add a box", "Boxes", declare_add_box},
    Command{"list big box", "show boxes", "Look", declare_nothing, Answer::table},
    Command{"list shelf", "show shelves", "Look", declare_nothing},
};
constexpr std::array<std::string_view, 2> kBoxGroups{"Look", "Boxes"};
constexpr std::array kSynonyms{Synonym{"crate", "big box"}, Synonym{"colour", "paint"}};
constexpr std::array kBoxTopics{
    Topic{"paint", [](Output& output) { output.line("All of paint."); },
          [](Output& output) { output.line("\n## Paint"); }},
    Topic{"shelf", [](Output& output) { output.line("All of shelves."); }, [](Output&) {}},
};
constexpr std::array kBoxTexts{
    HelpText{"add_big_box.txt", "@part_wood.txt\n\nEXAMPLE\n    cluster add big box b1\n"},
    HelpText{"list_big_box.txt", "EXAMPLE\n    cluster list big box\n"},
    HelpText{"list_shelf.txt", "EXAMPLE\n    cluster list shelf\n"},
    HelpText{"part_wood.txt", "Wood is\nbest.\n"},
    HelpText{"overview.txt", "There is more.\n"},
    HelpText{"reference.txt", "Of boxes.\n"},
};
const CommandTable kBoxTable{kBoxes, kBoxGroups, kSynonyms, kBoxTopics, kBoxTexts};

std::string help(const std::string& what, std::size_t width = 80) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err, width);
  print_help(output, kBoxTable, what);
  return out.str();
}

std::string reference() {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err);
  print_reference(output, kBoxTable);
  return out.str();
}

TEST(HelpPage, ListsEveryCommandInItsGroupInTheOrderOfTheGroups) {
  EXPECT_EQ(help(""),
            "Usage: cluster VERB NOUN [HOST...] [ARG...] [key=value...]\n\n"
            "Look\n"
            "  list big box  show boxes\n"
            "  list shelf    show shelves\n\n"
            "Boxes\n"
            "  add big box  add a box\n\n"
            "There is more.\n");
}

TEST(HelpPage, ExplainsACommandByItsDeclarationAndItsText) {
  EXPECT_EQ(help("add big box"),
            "Usage: cluster add big box BOX [LID...] [key=value...]\n"
            "  add a box\n\n"
            "  BOX      name of the box\n"
            "  LID      its lids, oak|elm; or lid=\n"
            "  colour=  a long story about the colour that it has [no colour at all]\n"
            "  db=      inventory file [as `cluster show config` says]\n\n"
            "Wood is best.\n\n"
            "EXAMPLE\n"
            "    cluster add big box b1\n");
}

TEST(HelpPage, WrapsToTheWidthOfTheOutput) {
  const auto page = help("add big box", 50);
  for (const auto line : split(page, '\n')) EXPECT_LE(line.size(), 50U) << line;
  EXPECT_THAT(page, HasSubstr("\n           has [no colour at all]\n"));
}

TEST(HelpPage, ListsTheCommandsThatStartSo) {
  EXPECT_EQ(help("list"),
            "Usage: cluster list ...\n\n"
            "  list big box  show boxes\n"
            "  list shelf    show shelves\n\n"
            "`cluster VERB NOUN --help` says more of each.\n");
}

TEST(HelpPage, ShowsAllVerbsOfANounHoweverItIsCalled) {
  const auto page = help("big box");
  EXPECT_EQ(page,
            "Usage: cluster VERB big box ...\n\n"
            "  add big box   add a box\n"
            "  list big box  show boxes\n\n"
            "`cluster VERB NOUN --help` says more of each.\n");
  for (const auto* name : {"box", "crate", "crates", "boxs"}) EXPECT_EQ(help(name), page) << name;
}

TEST(HelpPage, PrintsATopicAboveTheCommandsOfThatNoun) {
  EXPECT_EQ(help("paint"), "All of paint.\n");
  EXPECT_EQ(help("colours"), help("paint"));
  EXPECT_THAT(help("shelf"), StartsWith("All of shelves.\n\nUsage: cluster VERB shelf ...\n"));
}

TEST(HelpPage, RefusesWhatItDoesNotKnow) {
  for (const std::string what : {"ox", "s", "big", "add big box b1"}) {
    try {
      help(what);
      ADD_FAILURE() << "not refused: " << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), "no command '" + what + "' (see `cluster help`)");
      EXPECT_EQ(error.fault(), Fault::usage);
    }
  }
}

TEST(HelpPage, ACommandWithoutATextIsOurBug) {
  const CommandTable without{kBoxes, kBoxGroups, {}, {}, {}};
  std::ostringstream out;
  Output output(out, out);
  EXPECT_THROW(print_help(output, without, "list shelf"), std::logic_error);
}

TEST(HelpPage, TheReferenceHasEveryCommandAndEveryTopic) {
  const auto page = reference();
  EXPECT_THAT(page, StartsWith("# Command reference\n\nOf boxes.\n"));
  EXPECT_THAT(page, HasSubstr("\n## cluster list shelf\n\n    cluster list shelf [key=value...]\n"
                              "\nshow shelves.\n"));
  EXPECT_THAT(page,
              HasSubstr("\n```\nWood is best.\n\nEXAMPLE\n    cluster add big box b1\n```\n"));
  EXPECT_THAT(page, EndsWith("\n## Paint\n"));
}

TEST(HelpPage, TheReferenceKeepsABarInItsCell) {
  EXPECT_THAT(reference(), HasSubstr("| `LID` | its lids, oak\\|elm; or lid= |\n"));
  EXPECT_THAT(reference(), Not(HasSubstr("oak|elm")));
}

}  // namespace
}  // namespace cluster::cmd
