#include "core/utc_time.h"

#include <gmock/gmock.h>

#include <ctime>

namespace cluster {
namespace {

TEST(UtcTime, IsThisSecondWhateverTheZoneOfTheHostIs) {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  const auto before = std::time(nullptr);
  const auto text = utc_now();
  const auto after = std::time(nullptr);
  ::unsetenv("TZ");
  ::tzset();

  ASSERT_THAT(text,
              ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  const auto told = utc_seconds(text);
  ASSERT_TRUE(told);
  EXPECT_GE(*told, before);
  EXPECT_LE(*told, after);
}

TEST(UtcTime, IsReadBack) {
  for (const std::time_t seconds : {std::time_t{0}, std::time_t{1763688000}}) {
    EXPECT_EQ(utc_seconds(utc_text(seconds)), seconds);
  }
  for (const auto* text : {"", "yesterday", "2026-11-21T01:20:00", "2026-11-21T01:20:00Z "}) {
    EXPECT_EQ(utc_seconds(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cluster
