#include "core/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

std::string refusal_of(auto&& parse) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "";
}

TEST(Keys, NumbersKeepTheirBounds) {
  EXPECT_EQ(parse_int("cpus", "1", 1, 8), 1);
  EXPECT_EQ(parse_int("cpus", "8", 1, 8), 8);
  for (const char* wrong :
       {"0", "9", "-1", "", " 1", "1 ", "01", "1.0", "0x1", "99999999999999999999"}) {
    EXPECT_EQ(refusal_of([&] { parse_int("cpus", wrong, 1, 8); }),
              "cpus='" + std::string(wrong) + "': want a whole number from 1 to 8");
  }
}

TEST(Keys, EveryNumberBetweenTheBoundsParsesBack) {
  for (int number = -3; number <= 300; ++number) {
    const auto text = std::to_string(number);
    if (number < 0) {
      EXPECT_NE(refusal_of([&] { parse_int("n", text, -3, 300); }), "") << text;
    } else {
      EXPECT_EQ(parse_int("n", text, -3, 300), number);
    }
  }
}

TEST(Keys, AnEmptiedNumberIsNone) {
  EXPECT_EQ(parse_optional_int("rack", "", 0, 9), std::nullopt);
  EXPECT_EQ(parse_optional_int("rack", "9", 0, 9), 9);
  EXPECT_EQ(refusal_of([] { parse_optional_int("rack", "10", 0, 9); }),
            "rack='10': want a whole number from 0 to 9");
}

TEST(Keys, YesAndNoHaveFourWordsEach) {
  for (const char* yes : {"yes", "true", "on", "1"}) EXPECT_TRUE(parse_yes_no("all", yes)) << yes;
  for (const char* no : {"no", "false", "off", "0"}) EXPECT_FALSE(parse_yes_no("all", no)) << no;
  for (const char* wrong : {"", "y", "YES", "yes ", "2"}) {
    EXPECT_EQ(refusal_of([&] { parse_yes_no("all", wrong); }),
              "all='" + std::string(wrong) + "': want yes or no");
  }
}

}  // namespace
}  // namespace cluster
