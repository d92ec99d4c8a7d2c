#include "core/glob.h"

#include <fnmatch.h>
#include <gmock/gmock.h>

#include <random>
#include <string>

namespace cluster {
namespace {

TEST(Glob, KnowsStarsAndQuestionMarks) {
  EXPECT_TRUE(matches_glob("vm-0-15", "vm-*"));
  EXPECT_TRUE(matches_glob("vm-0-15", "*"));
  EXPECT_TRUE(matches_glob("vm-0-15", "vm-?-1?"));
  EXPECT_TRUE(matches_glob("", "*"));
  EXPECT_TRUE(matches_glob("aXbXc", "a*b*c"));
  EXPECT_FALSE(matches_glob("vm-0-15", "vm-?"));
  EXPECT_FALSE(matches_glob("vm-0-15", "m-0-15"));
  EXPECT_FALSE(matches_glob("vm", "vm-"));
  EXPECT_FALSE(matches_glob("", "?"));
}

TEST(Glob, TakesItsTimeOnNoPattern) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(std::string(10000, 'a'), pattern + "b"));
}

std::string some_text(std::mt19937& random, const std::string& letters) {
  std::string text;
  for (auto length = random() % 8; length > 0; --length) text += letters[random() % letters.size()];
  return text;
}

// The C library also knows these two wildcards. It knows more of them, but the patterns here have
// no others.
TEST(Glob, IsWhatTheCLibrarySays) {
  std::mt19937 random(71);
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto text = some_text(random, "ab-");
    const auto pattern = some_text(random, "ab-*?");
    const bool expected = fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
    EXPECT_EQ(matches_glob(text, pattern), expected) << text << " " << pattern;
    if (expected) ++matched;
  }
  EXPECT_GT(matched, 500);
}

TEST(Glob, EachTextMatchesItself) {
  std::mt19937 random(72);
  for (int i = 0; i < 1'000; ++i) {
    const auto text = some_text(random, "ab-.0");
    EXPECT_TRUE(matches_glob(text, text));
    EXPECT_TRUE(matches_glob(text, text + "*"));
    EXPECT_FALSE(matches_glob(text, text + "?"));
  }
}

}  // namespace
}  // namespace cluster
