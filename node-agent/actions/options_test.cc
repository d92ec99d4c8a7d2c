#include "node-agent/actions/options.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/table.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// "2 unknown argument ...": the exit status and why.
std::string refused(const std::vector<std::string>& arguments) {
  try {
    parse_options(arguments);
  } catch (const Error& error) {
    return std::to_string(exit_status(error.fault())) + " " + error.what();
  }
  return "nothing";
}

// A command line that the action accepts.
std::vector<std::string> example(const Action& action) {
  std::vector<std::string> line{std::string(action.long_name)};
  if (action.arguments.starts_with("NAME")) line.emplace_back("gpupci1");
  if (action.arguments == "NAME N") line.emplace_back("2");
  if (action.arguments == "PARENT TYPE") line.insert(line.end(), {"mtty", "mtty-1"});
  if (action.arguments == "VGPU") line.emplace_back("gpupci1.0");
  if (action.wants_lease) line.emplace_back("--lease=8f2c61d0a94be357");
  return line;
}

// Each action is given by both of its names, with the options that belong to it.
TEST(Options, OfEveryActionAreAsItsTableSays) {
  for (const auto& action : actions()) {
    const auto line = example(action);
    EXPECT_EQ(parse_options(line).action, &action) << line.front();
    auto with = [&](const std::string& option) {
      auto longer = line;
      longer.push_back(option);
      return refused(longer);
    };
    EXPECT_EQ(with("--json"), "nothing") << line.front();
    EXPECT_EQ(with("--dry-run") == "nothing", action.takes_dry_run) << line.front();
    EXPECT_EQ(with("--force=holder") == "nothing", action.takes_force) << line.front();
    EXPECT_THAT(with("-l"), StartsWith("2 want one of -l, -s, -d, ")) << "two actions";
    if (action.short_name.empty()) continue;
    auto shorter = line;
    shorter.front() = action.short_name;
    EXPECT_EQ(parse_options(shorter).action, &action);
  }
}

TEST(Options, AreKeptAsTheyWereTyped) {
  const auto options =
      parse_options({"--json", "-d", "gpupci1.2", "--force=holder,disk", "--dry-run"});
  EXPECT_THAT(options.arguments, ElementsAre("gpupci1.2"));
  EXPECT_EQ(options.argument(0), "gpupci1.2");
  EXPECT_EQ(options.argument(1), "");
  EXPECT_TRUE(options.json && options.dry_run);
  EXPECT_EQ(options.forced, (Forced{"disk", "holder"}));
  EXPECT_THAT(parse_options({"--check"}).arguments, IsEmpty()) << "in brackets, so left out";
}

TEST(Options, ThatCanBeNoneAreRefusedWithTheWay) {
  EXPECT_THAT(refused({}), StartsWith("2 want one of -l, "));
  EXPECT_EQ(refused({"-x"}), "2 unknown argument '-x' (see gpupci --help)");
  EXPECT_EQ(refused({""}), "2 unknown argument '' (see gpupci --help)");
  EXPECT_EQ(refused({"-d"}), "2 --detach wants a card's name or all (see gpupci --help)");
  EXPECT_EQ(refused({"-d", "--json"}), "2 --detach wants a card's name or all (see gpupci --help)");
  EXPECT_EQ(refused({"--vfs", "gpupci1"}), "2 --vfs wants N (see gpupci --help)");
  EXPECT_THAT(refused({"-d", "card1"}), StartsWith("2 "));
  EXPECT_THAT(refused({"--vfs", "gpupci1.0", "2"}), StartsWith("2 ")) << "a slice has none";
  EXPECT_EQ(refused({"--create-vgpu", "../x", "y"}),
            "2 '../x' can be no PARENT (see gpupci --help)");
  EXPECT_EQ(refused({"-l", "--dry-run"}).find("2 --dry-run goes with -d or -a or "), 0U);
  EXPECT_EQ(refused({"-a", "all", "--force=holder"}),
            "2 --force goes with -d or --vfs only (see gpupci --help)");
  EXPECT_EQ(refused({"--remove-vgpu", "x"}),
            "2 --remove-vgpu wants --lease=ID (see gpupci --help)");
  EXPECT_EQ(refused({"-l", "--lease=x"}),
            "2 --lease goes with --remove-vgpu of a vGPU only (see gpupci --help)");
}

// The page is made from the tables of actions and guards, so nothing is written twice.
TEST(Help, HasEveryActionAndEveryGuardThatForceTakes) {
  const auto page = usage();
  for (const auto& action : actions()) {
    EXPECT_THAT(page, HasSubstr(std::string(action.long_name)));
    EXPECT_THAT(page, HasSubstr(std::string(action.help)));
  }
  const auto start = page.find("begins with:");
  const auto list = page.substr(start, page.find("--lease=ID") - start);
  for (const auto& guard : forcible_guards()) EXPECT_THAT(list, HasSubstr(" " + guard));
  for (const auto line : split(list, '\n')) EXPECT_LE(line.size(), 80U) << line;
}

}  // namespace
}  // namespace cluster::agent
