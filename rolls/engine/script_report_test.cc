#include "rolls/engine/script_report.h"

#include <gtest/gtest.h>

#include <set>

namespace cluster::rolls {
namespace {

using Outcome = ScriptReport::Outcome;

TEST(ReportToken, IsNewEachTime) {
  std::set<std::string> tokens;
  for (int i = 0; i < 1000; ++i) {
    const auto token = new_report_token();
    EXPECT_EQ(token.size(), 32U);
    EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos) << token;
    tokens.insert(token);
  }
  EXPECT_EQ(tokens.size(), 1000U);
}

TEST(ScriptReport, IsFoundBetweenOtherLines) {
  const auto report =
      find_report("demo: ok\n\nabc\treboot\tdemo\treboot needed (x)\nlate words", "abc");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->outcome, Outcome::reboot);
  EXPECT_EQ(report->roll, "demo");
  EXPECT_EQ(report->words, "reboot needed (x)");
  EXPECT_EQ(find_report("abc\tdone\tdemo\t", "abc")->words, "");
  EXPECT_EQ(find_report("abc\tfailed\tbase\tx", "abc")->outcome, Outcome::failed);
}

TEST(ScriptReport, IsNothingElse) {
  for (const auto* printed : {
           "", "abc", "abc\tdone", "abc\tdone\tdemo",         // cut off
           "abcd\tdone\tdemo\tx", " abc\tdone\tdemo\tx",      // another word
           "abc\tDONE\tdemo\tx", "abc\tdone\tdemo\tx\ty",     // another form
           "x abc\tdone\tdemo\tx", "demo: done, 1 changed\n"  // words for people
       }) {
    EXPECT_FALSE(find_report(printed, "abc")) << printed;
  }
}

}  // namespace
}  // namespace cluster::rolls
