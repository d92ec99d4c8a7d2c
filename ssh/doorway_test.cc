#include "ssh/doorway.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "ssh/doors.h"

namespace cluster::ssh {
namespace {

bool never() { return false; }

TEST(Doorway, LetsFewThroughAtATime) {
  Doorway doorway;
  std::atomic<int> entering = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(doorway.wait("gw", never));
      Doorway::Place place(doorway, "gw");
      const int now = ++entering;
      for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
      }
      std::this_thread::yield();
      --entering;
      place.is_in();
      place.is_in();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, Doors::kAtOnce);
  EXPECT_EQ(entering, 0);
}

TEST(Doorway, DoesNotWaitForTheSlow) {
  Doorway doorway;
  for (int i = 0; i < Doors::kAtFirst; ++i)
    EXPECT_TRUE(doorway.wait("gw", never));  // these never come in
  EXPECT_TRUE(doorway.wait("gw", never));
  EXPECT_TRUE(doorway.wait("other", never));
}

TEST(Doorway, LetsGoWhoGivesUp) {
  Doorway doorway(std::chrono::hours(1));
  for (int i = 0; i < Doors::kAtFirst; ++i) EXPECT_TRUE(doorway.wait("gw", never));
  int asked = 0;
  EXPECT_FALSE(doorway.wait("gw", [&] { return ++asked == 3; }));
  Doorway::Place(doorway, "gw").is_in();  // one of the first; who gave up has no place
  EXPECT_TRUE(doorway.wait("gw", never));
}

}  // namespace
}  // namespace cluster::ssh
