#include "core/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace cluster {
namespace {

TEST(Hex, ReadsWhatItPrints) {
  for (const std::uint64_t value :
       {0ULL, 1ULL, 0xfULL, 0x10ULL, 0x1c03ULL, 0xdeadbeefULL, 0xffffffffffffffffULL}) {
    for (const std::size_t width : {1UL, 4UL, 16UL}) {
      EXPECT_EQ(parse_hex(to_hex(value, width)), value) << value << " in " << width;
    }
  }
}

TEST(Hex, ReadsEveryIdThatItPrints) {
  for (unsigned id = 0; id <= 0xffff; ++id) {
    const auto text = hex4(static_cast<std::uint16_t>(id));
    ASSERT_EQ(text.size(), 4U);
    ASSERT_EQ(parse_hex4(text), id);
  }
}

TEST(Hex, ReadsBothCases) {
  EXPECT_EQ(parse_hex("DEADbeef"), 0xdeadbeefU);
  EXPECT_EQ(parse_hex4("10DE"), 0x10de);
}

TEST(Hex, IsNothingElseThanDigits) {
  for (const auto* text : {"", "0x10", "-1", "+1", " 1", "1 ", "g", "1g", "10000000000000000"}) {
    EXPECT_EQ(parse_hex(text), std::nullopt) << text;
  }
  for (const auto* text : {"", "10d", "10de0", "010de", "10dg", "0x1d"}) {
    EXPECT_EQ(parse_hex4(text), std::nullopt) << text;
  }
}

TEST(Hex, FillsToTheWidthAndCutsNothing) {
  EXPECT_EQ(to_hex(0, 0), "");
  EXPECT_EQ(to_hex(0, 1), "0");
  EXPECT_EQ(to_hex(26, 2), "1a");
  EXPECT_EQ(to_hex(26, 4), "001a");
  EXPECT_EQ(to_hex(0x10000, 4), "10000");
}

TEST(Hex, GivesEachByteTwoDigits) {
  constexpr std::array kBytes{'\0', '\x0f', '\x7f', '\xff'};
  EXPECT_EQ(hex_bytes({kBytes.data(), kBytes.size()}), "000f7fff");
  EXPECT_EQ(hex_bytes(""), "");
}

}  // namespace
}  // namespace cluster
