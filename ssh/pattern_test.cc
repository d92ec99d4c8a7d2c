#include "ssh/pattern.h"

#include <gmock/gmock.h>

namespace cluster::ssh {
namespace {

TEST(Matches, KnowsStarsAndQuestionMarks) {
  EXPECT_TRUE(matches("vm-0-15", "vm-*"));
  EXPECT_TRUE(matches("vm-0-15", "*"));
  EXPECT_TRUE(matches("vm-0-15", "vm-?-1?"));
  EXPECT_TRUE(matches("", "*"));
  EXPECT_TRUE(matches("aXbXc", "a*b*c"));
  EXPECT_FALSE(matches("vm-0-15", "vm-?"));
  EXPECT_FALSE(matches("vm-0-15", "m-0-15"));
  EXPECT_FALSE(matches("vm", "vm-"));
  EXPECT_FALSE(matches("", "?"));
}

TEST(Matches, TakesItsTimeOnNoPattern) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches(std::string(10000, 'a'), pattern + "b"));
}

TEST(MatchesList, LeavesOutWhatIsNegated) {
  EXPECT_TRUE(matches_list("n1", {"n2", "n*"}));
  EXPECT_FALSE(matches_list("n1", {"n*", "!n1"}));
  EXPECT_FALSE(matches_list("n1", {"!n2"}));  // as OpenSSH: negation alone matches nothing
  EXPECT_FALSE(matches_list("n1", {}));
}

TEST(Lower, LeavesOtherLettersAlone) { EXPECT_EQ(lower("HostName\xc3\x89"), "hostname\xc3\x89"); }

}  // namespace
}  // namespace cluster::ssh
