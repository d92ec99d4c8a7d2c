#include "ssh/guarded_sink.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "ssh/loop.h"

namespace cluster::ssh {
namespace {

// Reads slowly, as a pager does, or not at all.
class Reader : public Sink {
 public:
  void out(std::size_t, std::string_view bytes) override {
    std::this_thread::sleep_for(wait);
    if (bytes == "fail") throw std::runtime_error("the disk is full");
    ++calls;
  }
  void err(std::size_t, std::string_view) override { ++calls; }
  void ended(std::size_t, const Reply&) override { ++calls; }

  std::chrono::milliseconds wait{0};
  int calls = 0;
};

TEST(GuardedSink, TheTimeOfWhoReadsIsNotThatOfTheHosts) {
  Reader reader;
  reader.wait = std::chrono::milliseconds(100);
  GuardedSink guarded(reader);
  const auto real = std::chrono::steady_clock::now();
  const auto counted = Clock::now();
  guarded.out(0, "x");
  const auto counted_after = Clock::now();
  const auto real_after = std::chrono::steady_clock::now();
  EXPECT_GE((real_after - real) - (counted_after - counted), reader.wait);
}

TEST(GuardedSink, AFailureWaitsForTheEnd) {
  Reader reader;
  GuardedSink guarded(reader);
  guarded.err(0, "x");
  EXPECT_FALSE(guarded.has_failed());
  guarded.rethrow();
  guarded.out(0, "fail");
  EXPECT_TRUE(guarded.has_failed());
  guarded.ended(0, {});
  EXPECT_EQ(reader.calls, 1);
  EXPECT_THROW(guarded.rethrow(), std::runtime_error);
}

}  // namespace
}  // namespace cluster::ssh
