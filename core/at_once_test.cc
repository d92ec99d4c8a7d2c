#include "core/at_once.h"

#include <gtest/gtest.h>

#include <barrier>
#include <stdexcept>
#include <vector>

namespace cluster {
namespace {

TEST(AtOnce, DoesEachOnce) {
  for (const std::size_t threads : {1U, 3U, 200U}) {
    std::vector<int> done(100);
    at_once(done.size(), threads, [&](std::size_t i) { ++done[i]; });
    EXPECT_EQ(done, std::vector<int>(100, 1)) << threads;
  }
  at_once(0, 8, [](std::size_t) { FAIL(); });
}

TEST(AtOnce, DoesThemAtTheSameTime) {
  std::barrier all(8);  // a thread that waits alone waits for ever
  at_once(8, 8, [&](std::size_t) { all.arrive_and_wait(); });
}

TEST(AtOnce, ThrowsWhenTheOthersAreDone) {
  std::vector<int> done(10);
  EXPECT_THROW(at_once(done.size(), 2,
                       [&](std::size_t i) {
                         ++done[i];
                         if (i == 3) throw std::runtime_error("three");
                       }),
               std::runtime_error);
  EXPECT_EQ(done, std::vector<int>(10, 1));
}

}  // namespace
}  // namespace cluster
