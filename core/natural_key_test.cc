#include "core/natural_key.h"

#include <gtest/gtest.h>

#include <random>

#include "core/text.h"

namespace cluster {
namespace {

TEST(NaturalKey, OrdersNumbersAsNumbers) {
  const std::vector<std::string> sorted{"n",  "n0",   "n00", "n01", "n1",    "n1a",
                                        "n2", "n2-1", "n2a", "n10", "n010a", "na"};
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
    EXPECT_LT(natural_key(sorted[i]), natural_key(sorted[i + 1])) << sorted[i + 1];
  }
}

TEST(NaturalKey, OrdersAnyTwoNamesAsNaturalLess) {
  std::mt19937 random(10);
  constexpr std::string_view kLetters = "0019ab-.Z";
  const auto name = [&] {
    std::string text;
    for (auto left = random() % 9; left > 0; --left) text += kLetters[random() % kLetters.size()];
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    const auto left = name();
    const auto right = name();
    EXPECT_EQ(natural_key(left) < natural_key(right), natural_less(left, right))
        << left << " and " << right;
  }
}

TEST(NaturalKey, SortsRowsByTheirNames) {
  struct Row {
    std::string name;
    int number = 0;
  };
  std::vector<Row> rows{{"n10", 1}, {"n9", 2}, {"n1", 3}};
  sort_naturally(rows, [](const Row& row) -> const std::string& { return row.name; });
  EXPECT_EQ(rows[0].number, 3);
  EXPECT_EQ(rows[1].number, 2);
  EXPECT_EQ(rows[2].number, 1);
}

}  // namespace
}  // namespace cluster
