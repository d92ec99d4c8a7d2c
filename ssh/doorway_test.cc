#include "ssh/doorway.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "ssh/doors.h"

namespace cluster::ssh {
namespace {

TEST(Doorway, LetsFewThroughAtATime) {
  Doorway doorway;
  std::atomic<int> entering = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&] {
      doorway.wait("gw");
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
  for (int i = 0; i < Doors::kAtFirst; ++i) doorway.wait("gw");  // these never come in
  doorway.wait("gw");
  doorway.wait("other");
}

}  // namespace
}  // namespace cluster::ssh
