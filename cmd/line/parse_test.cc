#include "cmd/line/parse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cmd/commands.h"
#include "core/error.h"

namespace cluster::cmd {
namespace {

TEST(Commands, AreSortedAndEachIsThereOnce) {
  std::set<std::string_view> paths;
  for (const auto& command : commands())
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
  EXPECT_TRUE(std::ranges::is_sorted(commands(), {}, &Command::path));
}

TEST(Commands, SayWhatTheyDo) {
  for (const auto& command : commands()) {
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_FALSE(command.summary.ends_with('.')) << command.path;
    CLI::App app;
    CommonOptions common;
    declare(command, app, common);
    for (const auto* option : app.get_options()) {
      EXPECT_FALSE(option->get_description().empty()) << command.path << " " << option->get_name();
    }
  }
}

// CLI11 refuses such a name from 2.4 (Debian 13) on; what the usage line says is its option_text().
TEST(Commands, GiveNoArgumentANameWithABlank) {
  for (const auto& command : commands()) {
    CLI::App app;
    CommonOptions common;
    declare(command, app, common);
    for (const auto* option : app.get_options()) {
      const auto name = option->get_name(true, false);
      EXPECT_EQ(name.find(' '), std::string::npos) << command.path << " " << name;
    }
  }
}

TEST(Parse, TakesDbAndFormatWithEveryList) {
  const auto invocation = parse({"list", "host", "db=/x/y.db", "--format=json"});
  EXPECT_EQ(invocation.db, "/x/y.db");
  EXPECT_EQ(invocation.format, Format::json);
  EXPECT_THROW(parse({"dump", "host", "--format=json"}), Error);
}

TEST(Parse, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(parse({"list", "hots"}), Error);
  EXPECT_THROW(parse({"add", "host"}), Error);
  EXPECT_THROW(parse({"add", "host", "n1", "n2"}), Error);
  EXPECT_THROW(parse({"list", "host", "--no-such-option"}), Error);
}

}  // namespace
}  // namespace cluster::cmd
