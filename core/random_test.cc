#include "core/random.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "core/text.h"

namespace cluster {
namespace {

TEST(Random, UuidsAreOfVersionFour) {
  for (int i = 0; i < 200; ++i) {
    const auto uuid = random_uuid();
    EXPECT_TRUE(is_uuid(uuid)) << uuid;
    EXPECT_EQ(uuid[14], '4') << uuid;
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos) << uuid;
  }
}

TEST(Random, NothingComesTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(seen.insert(random_uuid()).second);
    EXPECT_TRUE(seen.insert(random_hex(8)).second);
  }
}

TEST(Random, HexHasTwoDigitsForAByte) {
  for (const std::size_t count : {0U, 1U, 8U, 256U}) {
    const auto text = random_hex(count);
    EXPECT_EQ(text.size(), 2 * count);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace cluster
