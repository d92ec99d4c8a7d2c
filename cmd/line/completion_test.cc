#include "cmd/line/completion.h"

#include <gmock/gmock.h>

#include <array>

namespace cluster::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Nobody runs these commands, so what the words would be put into is never looked at.
struct Unused {
  std::string one;
  std::vector<std::string> many;
};
Unused unused;

Action declare_paint(Options& options) {
  options.argument("HOST... [CARD]", unused.many, "what to paint").required();
  options.key("colour", unused.one, "red, green (or lime) or blue [red]");
  options.key("coats", unused.one, "how many [1]");
  options.key("dry", unused.one, "yes: wait until it is dry [no]");
  options.key("host", unused.one, "who paints");
  return {};
}

Action declare_add_coat(Options& options) {
  options.argument("HOST", unused.one, "its name").or_key("name").required();
  return {};
}

Action declare_help(Options& options) {
  options.argument("COMMAND", unused.many, "what to explain");
  return {};
}

Action declare_set(Options& options) {
  options.argument("HOST... NAME VALUE", unused.many, "whose, its name, its value").required();
  options.key("host", unused.one, "n1 or n9 [n1]");
  return {};
}

constexpr std::array kPaints{
    Command{"add attr", "add an attribute", "Hosts", declare_set},
    Command{"add host", "add one", "Hosts", declare_add_coat},
    Command{"help", "explain", "Help", declare_help},
    Command{"paint host", "paint hosts", "Hosts", declare_paint},
    Command{"paint host vm", "paint VMs", "Hosts", declare_add_coat},
    Command{"set host attr", "set an attribute", "Hosts", declare_set},
};

std::vector<std::string> names(std::string_view kind, std::string_view) {
  if (kind == "HOST") return {"n1", "n2", "m1"};
  if (kind == "CARD") return {"gpupci1"};
  if (kind == "ATTR") return {"colour"};
  return {};
}

std::vector<std::string> after(const std::vector<std::string>& words) {
  CommandTable table{};
  table.commands = kPaints;
  std::vector<std::string> found;
  for (const auto& one : completions(words, table, names)) found.push_back(one.word);
  return found;
}

TEST(Completion, BeginsWithVerbs) {
  EXPECT_THAT(after({""}), ElementsAre("add", "help", "paint", "set"));
  EXPECT_THAT(after({"p"}), ElementsAre("paint"));
  EXPECT_THAT(after({"x"}), IsEmpty());
  EXPECT_THAT(after({}), IsEmpty());
}

TEST(Completion, HelpStandsBesideAWholeCommandAlone) {
  CommandTable table{};
  table.commands = kPaints;
  EXPECT_THAT(completions({"paint", "h"}, table, names),
              ElementsAre(Candidate{"host", "paint hosts"}));
  EXPECT_THAT(completions({"pai"}, table, names), ElementsAre(Candidate{"paint", ""}));
}

TEST(Completion, HasLongerPathsNamesAndKeysAfterACommand) {
  EXPECT_THAT(
      after({"paint", "host", ""}),
      ElementsAre("vm", "n1", "n2", "m1", "gpupci1", "colour=", "coats=", "dry=", "host=", "db="));
  EXPECT_THAT(after({"paint", "host", "n1", "co"}), ElementsAre("colour=", "coats="));
  EXPECT_THAT(after({"paint", "host", "n1", "--co"}), ElementsAre("--colour=", "--coats="));
}

TEST(Completion, AKeyHasTheValuesThatItsHelpLists) {
  EXPECT_THAT(after({"paint", "host", "n1", "colour="}),
              ElementsAre("colour=red", "colour=green", "colour=blue"));
  EXPECT_THAT(after({"paint", "host", "--colour=b"}), ElementsAre("--colour=blue"));
  EXPECT_THAT(after({"paint", "host", "--colour", "b"}), ElementsAre("blue"));
  EXPECT_THAT(after({"paint", "host", "dry="}), ElementsAre("dry=yes", "dry=no"));
  EXPECT_THAT(after({"paint", "host", "coats="}), IsEmpty());
  EXPECT_THAT(after({"paint", "host", "db="}), IsEmpty());
}

TEST(Completion, AKeyCalledLikeAThingHasItsNames) {
  EXPECT_THAT(after({"paint", "host", "host=n"}), ElementsAre("host=n1", "host=n2"));
}

TEST(Completion, OfAListTheLastNameGoesOn) {
  EXPECT_THAT(after({"paint", "host", "m1,n"}), ElementsAre("m1,n1", "m1,n2"));
  EXPECT_THAT(after({"paint", "host", "host=m1,n2,m"}), ElementsAre("host=m1,n2,m1"));
}

TEST(Completion, WordsThatSelectHostsGoOnBehindTheirSigns) {
  EXPECT_THAT(after({"paint", "host", "!m"}), ElementsAre("!m1"));
  EXPECT_THAT(after({"paint", "host", "n1!n"}), ElementsAre("n1!n1", "n1!n2"));
  EXPECT_THAT(after({"paint", "host", "m1,n1&n2"}), ElementsAre("m1,n1&n2"));
}

TEST(Completion, NameIsWhatTheCommandIsAbout) {
  EXPECT_THAT(after({"set", "host", "attr", "n1", "c"}), ElementsAre("colour"));
  EXPECT_THAT(after({"add", "attr", "c"}), ElementsAre("colour"));
}

TEST(Completion, AClosedListIsNoNames) {
  EXPECT_THAT(after({"set", "host", "attr", "host=n"}), ElementsAre("host=n1", "host=n9"));
}

TEST(Completion, WhatIsNewHasNoNameYet) {
  EXPECT_THAT(after({"add", "host", ""}), ElementsAre("name=", "db="));
}

TEST(Completion, HelpIsAboutCommands) {
  EXPECT_THAT(after({"help", "pai"}), ElementsAre("paint"));
  EXPECT_THAT(after({"help", "paint", "host", ""}), ElementsAre("vm"));
}

}  // namespace
}  // namespace cluster::cmd
