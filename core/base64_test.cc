#include "core/base64.h"

#include <gtest/gtest.h>

#include <random>

#include "core/text.h"

namespace cluster {
namespace {

// The examples of RFC 4648, section 10.
TEST(Base64, IsThatOfTheStandard) {
  for (const auto& [bytes, text] :
       {std::pair("", ""), std::pair("f", "Zg=="), std::pair("fo", "Zm8="),
        std::pair("foo", "Zm9v"), std::pair("foob", "Zm9vYg=="), std::pair("fooba", "Zm9vYmE="),
        std::pair("foobar", "Zm9vYmFy")}) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(parse_base64(text), bytes);
  }
  EXPECT_EQ(base64("foobar", 4), "Zm9v\nYmFy");
}

TEST(Base64, OfAnyBytesIsReadBack) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random() & 0xffU);
    EXPECT_EQ(parse_base64(base64(bytes)), bytes);
    EXPECT_EQ(parse_base64(base64(bytes, 76)), bytes);
  }
}

// Each line but the last is full, and together they are the text in one line.
TEST(Base64, LinesAreOfTheirWidth) {
  for (std::size_t size = 0; size < 60; ++size) {
    const std::string bytes(size, 'x');
    for (const std::size_t width : {1U, 4U, 6U, 76U}) {
      const auto text = base64(bytes, width);
      std::string whole;
      const auto lines = split(text, '\n');
      for (const auto line : lines) {
        const bool is_last = line.data() == lines.back().data();
        EXPECT_TRUE(is_last ? line.size() <= width : line.size() == width) << text;
        whole += line;
      }
      EXPECT_EQ(whole, base64(bytes));
      EXPECT_TRUE(size == 0 || !lines.back().empty()) << text;
    }
  }
  EXPECT_EQ(parse_base64("Zm9v\r\nYmFy\r\n"), "foobar");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const auto* bad : {"Z", "Zg", "Zg=", "Zg===", "Zm9v=Zg=", "Zm 9", "Zm9-", "===="}) {
    EXPECT_EQ(parse_base64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace cluster
