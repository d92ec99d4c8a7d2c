#include "core/folded_names.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(FoldedNames, OneNameIsItself) {
  EXPECT_EQ(folded_names({}), "");
  EXPECT_EQ(folded_names({"frontend"}), "frontend");
  EXPECT_EQ(folded_names({"n1", "n1"}), "n1");
  EXPECT_EQ(folded_names({"n1", "n2", "n1"}), "n[1-2]");
  EXPECT_EQ(counted_names({"n1"}), "n1");
}

TEST(FoldedNames, NumbersInARowAreARange) {
  EXPECT_EQ(folded_names({"n2", "n0", "n1"}), "n[0-2]");
  EXPECT_EQ(folded_names({"n1", "n9", "n10", "n11", "n3"}), "n[1,3,9-11]");
  EXPECT_EQ(counted_names({"n1", "n3"}), "n[1,3] (2)");
}

TEST(FoldedNames, ZerosInFrontAreKept) {
  EXPECT_EQ(folded_names({"n08", "n09", "n10"}), "n[08-10]");
  EXPECT_EQ(folded_names({"n8", "n08", "n9", "n10"}), "n[8-9,08,10]");
  EXPECT_EQ(folded_names({"n00", "n0", "n01", "n1"}), "n[0-1,00-01]");
  EXPECT_EQ(folded_names({"n099", "n100", "n101"}), "n[099-101]");
  EXPECT_EQ(folded_names({"n99", "n100"}), "n[99-100]");
  EXPECT_EQ(folded_names({"n099", "n0100", "n98"}), "n[98,099,0100]");
  EXPECT_EQ(folded_names({"n09", "n10", "n9", "n010"}), "n[9,09-10,010]");
}

TEST(FoldedNames, SeveralNumbersMultiplyWhereTheyCan) {
  EXPECT_EQ(folded_names({"r0-0", "r0-1", "r1-0", "r1-1"}), "r[0-1]-[0-1]");
  EXPECT_EQ(folded_names({"r0-0", "r0-1", "r1-0"}), "r0-[0-1] r1-0");
  EXPECT_EQ(folded_names({"a1.b", "a2.b", "a2.c"}), "a2.c a[1-2].b");
}

TEST(FoldedNames, StayApartWhereTextDiffers) {
  EXPECT_EQ(folded_names({"x", "n1", "m1", "n2"}), "m1 n[1-2] x");
  EXPECT_EQ(folded_names({"n99999999999999999999", "n1"}), "n1 n99999999999999999999");
}

}  // namespace
}  // namespace cluster
