#include "ssh/doors.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

std::vector<std::string> names(std::size_t count, const std::string& name) {
  return std::vector<std::string>(count, name);
}

TEST(Doors, LetFewThroughOneAtATime) {
  Doors doors(names(20, "gw"));
  for (std::size_t i = 0; i < Doors::kAtOnce; ++i) EXPECT_EQ(doors.next(), i);
  EXPECT_EQ(doors.next(), Doors::kNone);
  doors.is_in(3);
  doors.is_in(3);  // it also ends later
  EXPECT_EQ(doors.next(), 8U);
  EXPECT_EQ(doors.next(), Doors::kNone);
}

TEST(Doors, AreNoHindranceToOthers) {
  auto all = names(9, "gw");
  all.emplace_back("other");
  Doors doors(all);
  for (std::size_t i = 0; i < Doors::kAtOnce; ++i) doors.next();
  EXPECT_EQ(doors.next(), 9U);
  EXPECT_EQ(doors.next(), Doors::kNone);
}

TEST(Doors, LetAllThroughInTheEnd) {
  Doors doors(names(100, "gw"));
  std::vector<bool> seen(100);
  for (int i = 0; i < 100; ++i) {
    const auto number = doors.next();
    ASSERT_NE(number, Doors::kNone);
    EXPECT_FALSE(seen[number]);
    seen[number] = true;
    doors.is_in(number);
  }
  EXPECT_EQ(doors.next(), Doors::kNone);
}

}  // namespace
}  // namespace cluster::ssh
