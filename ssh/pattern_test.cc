#include "ssh/pattern.h"

#include <fnmatch.h>
#include <gmock/gmock.h>

#include <random>
#include <string>

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

std::string some_text(std::mt19937& random, const std::string& letters) {
  std::string text;
  for (auto length = random() % 8; length > 0; --length) text += letters[random() % letters.size()];
  return text;
}

// The C library also knows these two wildcards. It knows more of them, but the patterns here have
// no others.
TEST(Matches, IsWhatTheCLibrarySays) {
  std::mt19937 random(71);
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto text = some_text(random, "ab-");
    const auto pattern = some_text(random, "ab-*?");
    const bool expected = fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
    EXPECT_EQ(matches(text, pattern), expected) << text << " " << pattern;
    if (expected) ++matched;
  }
  EXPECT_GT(matched, 500);
}

TEST(Matches, EachTextMatchesItself) {
  std::mt19937 random(72);
  for (int i = 0; i < 1'000; ++i) {
    const auto text = some_text(random, "ab-.0");
    EXPECT_TRUE(matches(text, text));
    EXPECT_TRUE(matches(text, text + "*"));
    EXPECT_FALSE(matches(text, text + "?"));
  }
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
