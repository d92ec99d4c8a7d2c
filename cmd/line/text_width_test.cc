#include "cmd/line/text_width.h"

#include <gtest/gtest.h>

namespace cluster::cmd {
namespace {

TEST(TextWidth, IsWhatATerminalShows) {
  EXPECT_EQ(text_width(""), 0U);
  EXPECT_EQ(text_width("n1"), 2U);
  EXPECT_EQ(text_width("Grüße"), 5U);
  EXPECT_EQ(text_width("e\xcc\x81"), 1U);  // an accent over its letter
  EXPECT_EQ(text_width("東京"), 4U);
  EXPECT_EQ(text_width("\xf0\x9f\x98\x80"), 2U);
  EXPECT_EQ(text_width("\xff\xc3"), 2U);  // no UTF-8
}

TEST(TextWidth, CutsBetweenCharacters) {
  EXPECT_EQ(text_within("Grüße", 3), "Grü");
  EXPECT_EQ(text_within("Grüße", 9), "Grüße");
  EXPECT_EQ(text_within("東京", 3), "東");
  EXPECT_EQ(text_within("e\xcc\x81x", 1), "e\xcc\x81");
  EXPECT_EQ(text_within("n1", 0), "");
}

}  // namespace
}  // namespace cluster::cmd
