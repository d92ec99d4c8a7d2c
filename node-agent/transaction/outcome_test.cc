#include "node-agent/transaction/outcome.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

CardOutcome outcome(Reasons refused, Reasons errors) {
  return {.name = "gpupci1",
          .functions = {},
          .refused = std::move(refused),
          .errors = std::move(errors)};
}

TEST(CardOutcome, IsOkWhenNothingRefusedAndNothingFailed) {
  EXPECT_TRUE(outcome({}, {}).ok());
  EXPECT_FALSE(outcome({{.what = "x"}}, {}).ok());
  EXPECT_FALSE(outcome({}, {{.what = "x"}}).ok());
  EXPECT_EQ(message(outcome({}, {})), "");
}

TEST(CardOutcome, IsOneLineOfWhatRefusedThenWhatFailed) {
  EXPECT_EQ(message(outcome({{.id = "disk", .what = "a", .fix = "b"}},
                            {{.what = "c"}, {.what = {}, .fix = "reboot the host"}})),
            "disk: a; b; c; reboot the host");
}

// Errors are few, and each says where a function is, so none is left out.
TEST(CardOutcome, LeavesOutReasonsOfGuardsOnly) {
  const Reasons six(6, {.id = "holder", .what = "x"});
  EXPECT_EQ(message(outcome(six, {})),
            "holder: x; holder: x; holder: x; holder: x; and 2 reasons more");
  EXPECT_EQ(message(outcome({}, Reasons(6, {.what = "y"}))), "y; y; y; y; y; y");
}

TEST(CardOutcome, BeginsWithEveryFunctionUntouched) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 3, 13);
  const auto cards = find_cards(fake.sysfs(), Settings());
  const auto begun = untouched(cards.front());
  EXPECT_EQ(begun.name, "gpupci1");
  ASSERT_EQ(begun.functions.size(), 3U);
  for (const auto& one : begun.functions) EXPECT_EQ(one.outcome, Outcome::untouched);
  EXPECT_TRUE(begun.ok());
}

// Programs read these words: no two outcomes have the same word.
TEST(OutcomeWords, AreAllDifferent) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Outcome::untouched); ++i) {
    words.insert(word(static_cast<Outcome>(i)));
  }
  EXPECT_EQ(words.size(), 11U);
  EXPECT_TRUE(words.contains("untouched"));
  EXPECT_TRUE(words.contains("not attached"));
}

}  // namespace
}  // namespace cluster::agent
