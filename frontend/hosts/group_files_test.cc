#include "frontend/hosts/group_files.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

TEST(GroupFiles, ClusterShellsLinesAndYaml) {
  const auto lines = clush_groups("# ours\nadm: mgmt0\nall: @adm,n[1-4]  # comment\n\nnonsense\n");
  EXPECT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines.at("all"), ElementsAre("@adm,n[1-4]"));
  const auto yaml = clush_groups(
      "roles:\n    gpu: 'n[1-2],n4'\n    login:\n      - l1\n      - \"l2\"\n"
      "racks:\n    r0: [n1, n2]\n    r1: [1-3]\n");
  EXPECT_EQ(yaml.size(), 4U);
  EXPECT_THAT(yaml.at("gpu"), ElementsAre("n[1-2],n4"));
  EXPECT_THAT(yaml.at("login"), ElementsAre("l1", "l2"));
  EXPECT_THAT(yaml.at("r0"), ElementsAre("n1, n2"));
  EXPECT_THAT(yaml.at("r1"), ElementsAre("[1-3]"));
}

// What stands behind a name, and the words that are its hosts.
TEST(GroupFiles, ValuesAreInQuotesOrAListOrNeither) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"n1", "n1"},       {"'n1'", "n1"},       {"\"n1\"", "n1"},
      {"'n1\"", "'n1\""}, {"nn", "nn"},         {"n1n", "n1n"},
      {"''", ""},         {"'", "'"},           {"[a, b]", "a, b"},
      {"[1-2]", "[1-2]"}, {"[1-2]n", "[1-2]n"}, {"n[1-2]", "n[1-2]"},
      {"[a]b", "[a]b"},   {"'[1-2]'", "[1-2]"}, {"", ""},
      {"@a,n1", "@a,n1"}};
  for (const auto& [value, expected] : rows) {
    for (const auto& text : {"g: " + value + "\n", "g:\n  - " + value + "\n"}) {
      const auto groups = clush_groups(text);
      if (expected.empty()) {
        EXPECT_TRUE(groups.empty()) << text;
      } else {
        ASSERT_EQ(groups.size(), 1U) << text;
        EXPECT_THAT(groups.at("g"), ElementsAre(expected)) << text;
      }
    }
  }
  EXPECT_TRUE(clush_groups("- n1\n").empty()) << "an item of no group";
}

TEST(GroupFiles, Genders) {
  const auto groups = genders_groups("n[1-2]\tgpu,rack=1\nn3 gpu , rack=2 # x\nn4\n");
  EXPECT_EQ(groups.size(), 4U);
  EXPECT_THAT(groups.at("gpu"), ElementsAre("n[1-2]", "n3"));
  EXPECT_THAT(groups.at("rack=2"), ElementsAre("n3"));
  EXPECT_THAT(groups.at("rack"), ElementsAre("n[1-2]", "n3"));
}

TEST(GroupFiles, GendersDoublesAPercentSign) {
  const auto groups = genders_groups("n1 load=100%%,%%%%,a%b\n");
  EXPECT_THAT(groups.at("load=100%"), ElementsAre("n1"));
  EXPECT_THAT(groups.at("%%"), ElementsAre("n1"));
  EXPECT_THAT(groups.at("a%b"), ElementsAre("n1"));
}

TEST(GroupFiles, TheFirstFileCounts) {
  const TempDir folder;
  std::ofstream(folder.path() / "a.yaml") << "x:\n  gpu: n1\n";
  std::ofstream(folder.path() / "genders") << "n2 gpu,cpu\n";
  const auto groups = groups_in({folder.path() / "a.yaml", folder.path() / "genders"});
  EXPECT_THAT(groups.at("gpu"), ElementsAre("n1"));
  EXPECT_THAT(groups.at("cpu"), ElementsAre("n2"));
  EXPECT_THROW(groups_in({folder.path() / "none"}), Error);
}

}  // namespace
}  // namespace cluster::frontend
