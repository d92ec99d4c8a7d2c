#include "db/table_order.h"

#include <gmock/gmock.h>

namespace cluster::db {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TableOrder, HasEachTableBehindThoseItPointsTo) {
  EXPECT_THAT(in_order({{"a", {"c"}}, {"b", {"a"}}, {"c", {}}}), ElementsAre("c", "a", "b"));
  EXPECT_THAT(in_order({{"a", {"b", "c", "d"}}, {"b", {"d"}}, {"c", {"b"}}, {"d", {}}}),
              ElementsAre("d", "b", "c", "a"));
}

TEST(TableOrder, IsThatOfNamesWhereNothingDecides) {
  EXPECT_THAT(in_order({{"c", {}}, {"a", {}}, {"b", {}}}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(in_order({{"d", {"a"}}, {"c", {"a"}}, {"a", {}}}), ElementsAre("a", "c", "d"));
}

TEST(TableOrder, OfATableThatPointsToItselfIsItsOwn) {
  EXPECT_THAT(in_order({{"a", {"a"}}, {"b", {"a", "b"}}}), ElementsAre("a", "b"));
}

TEST(TableOrder, PassesOverWhatIsNoTableOfTheList) {
  EXPECT_THAT(in_order({{"a", {"elsewhere"}}}), ElementsAre("a"));
  EXPECT_THAT(in_order({}), IsEmpty());
}

// No order is right then, but each table is there once.
TEST(TableOrder, OfACircleHasEachTableOnce) {
  EXPECT_THAT(in_order({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}), ElementsAre("a", "c", "b"));
  EXPECT_THAT(in_order({{"a", {"b"}}, {"b", {"a"}}, {"x", {}}}), ElementsAre("x", "a", "b"));
}

}  // namespace
}  // namespace cluster::db
