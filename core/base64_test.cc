#include "core/base64.h"

#include <gtest/gtest.h>

#include <random>

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

TEST(Base64, RefusesWhatIsNone) {
  for (const auto* bad : {"Z", "Zg", "Zg=", "Zg===", "Zm9v=Zg=", "Zm 9", "Zm9-", "===="}) {
    EXPECT_EQ(parse_base64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace cluster
