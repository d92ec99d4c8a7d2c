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
  std::tm fields{};
  ASSERT_NE(::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &fields), nullptr);
  const auto told = ::timegm(&fields);
  EXPECT_GE(told, before);
  EXPECT_LE(told, after);
}

}  // namespace
}  // namespace cluster
