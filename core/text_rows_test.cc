#include "core/text_rows.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TextRows three() {
  TextRows rows(2);
  for (const auto* name : {"a", "", "long enough to be on the heap"}) {
    rows.add(name);
    rows.add(std::int64_t{-7});
  }
  return rows;
}

TEST(TextRows, GivesBackWhatWasAdded) {
  auto rows = three();
  rows.add_unknown();
  EXPECT_EQ(rows.size(), 3U) << "a row counts when it is whole";
  rows.add("");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.at(0, 0).text, "a");
  EXPECT_EQ(rows.at(1, 0).text, "");
  EXPECT_EQ(rows.at(1, 0).kind, TextRows::Kind::text);
  EXPECT_EQ(rows.at(2, 0).text, "long enough to be on the heap");
  EXPECT_EQ(rows.at(2, 1).text, "-7");
  EXPECT_EQ(rows.at(2, 1).kind, TextRows::Kind::number);
  EXPECT_EQ(rows.at(3, 0).kind, TextRows::Kind::unknown);
  EXPECT_EQ(rows.at(3, 1).kind, TextRows::Kind::text);
  rows.add_list("[1, 2]");
  rows.add(rows.at(0, 0));
  EXPECT_EQ(rows.at(4, 0).kind, TextRows::Kind::list);
  EXPECT_EQ(rows.at(4, 0).text, "[1, 2]");
  EXPECT_EQ(rows.at(4, 1).text, "a");
}

TEST(TextRows, CanBeReorderedAgainAndAgain) {
  auto rows = three();
  rows.reorder({2, 0});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.at(1, 0).text, "a");
  rows.reorder({1});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.at(0, 0).text, "a");
}

}  // namespace
}  // namespace cluster
