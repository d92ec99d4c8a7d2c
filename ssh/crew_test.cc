#include "ssh/crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace cluster::ssh {
namespace {

void finish(Loop& loop, const Crew& crew) {
  while (!crew.is_over()) loop.turn();
}

TEST(Crew, WorksOnEachOnceAndTellsHowItWent) {
  for (const std::size_t count : {0U, 1U, 200U}) {
    std::vector<std::atomic<int>> done(count);
    const Work work = [&](std::size_t i) { return ++done[i] == 1 && i % 4 != 3; };
    Loop loop;
    Crew crew(loop, count, work);
    finish(loop, crew);
    for (const auto& one : done) EXPECT_EQ(one, 1);
    EXPECT_EQ(crew.progress().hosts, count);
    EXPECT_EQ(crew.progress().ended, count);
    EXPECT_EQ(crew.progress().failed, count / 4);
    EXPECT_EQ(crew.progress().running, 0U);
  }
}

TEST(Crew, StopsWithThoseThatHaveBegun) {
  constexpr std::size_t kAll = Crew::kMostThreads + 8;
  std::latch begun(Crew::kMostThreads);
  std::latch may_end(1);
  std::atomic<std::size_t> calls = 0;
  const Work work = [&](std::size_t) {
    ++calls;
    begun.count_down();
    may_end.wait();
    return true;
  };
  Loop loop;
  Crew crew(loop, kAll, work);
  begun.wait();
  EXPECT_EQ(crew.progress().running, Crew::kMostThreads);
  EXPECT_EQ(crew.stop().size(), kAll);
  may_end.count_down();
  finish(loop, crew);
  EXPECT_EQ(calls, Crew::kMostThreads);
  EXPECT_EQ(crew.stop().size(), 8U);
}

TEST(Crew, ThrowsWhenTheOthersAreDone) {
  std::atomic<int> calls = 0;
  const Work work = [&](std::size_t i) {
    ++calls;
    if (i == 3) throw std::runtime_error("three");
    return true;
  };
  Loop loop;
  Crew crew(loop, 10, work);
  finish(loop, crew);
  EXPECT_THROW(crew.rethrow(), std::runtime_error);
  EXPECT_EQ(calls, 10);
}

}  // namespace
}  // namespace cluster::ssh
