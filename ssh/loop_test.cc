// The loop wakes those with news first, then those whose time has come.

#include "ssh/loop.h"

#include <gmock/gmock.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <functional>
#include <string>
#include <vector>

#include "core/error.h"

namespace cluster::ssh {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// An event that has happened; it stays readable.
FileDescriptor news() { return FileDescriptor(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)); }
FileDescriptor no_news() { return FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

// Writes its name down when it is woken.
class Noted : public Waiter {
 public:
  Noted(std::string name, std::vector<std::string>& notes)
      : name_(std::move(name)), notes_(notes) {}
  void ready() override {
    notes_.push_back(name_ + " ready");
    if (on_ready) on_ready();
  }
  void late() override {
    notes_.push_back(name_ + " late");
    if (on_late) on_late();
  }

  std::function<void()> on_ready;
  std::function<void()> on_late;

 private:
  std::string name_;
  std::vector<std::string>& notes_;
};

class LoopTest : public ::testing::Test {
 protected:
  Loop loop_;
  std::vector<std::string> notes_;
  Noted a_{"a", notes_};
  Noted b_{"b", notes_};
  const Clock::time_point past_ = Clock::now();
};

TEST_F(LoopTest, SleepsNoLongerThanItMay) {
  loop_.alarm(a_, past_ + std::chrono::hours(1));
  loop_.turn(past_ + std::chrono::milliseconds(5));
  EXPECT_GE(Clock::now(), past_ + std::chrono::milliseconds(5));
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(LoopTest, WakesWhoseDescriptorHasNews) {
  const auto with = news();
  const auto without = no_news();
  loop_.watch(with.get(), EPOLLIN, a_);
  loop_.watch(without.get(), EPOLLIN, b_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("a ready"));
  loop_.forget(with.get());
  loop_.forget(without.get());
}

TEST_F(LoopTest, AsksForTheLastEventsOnly) {
  const auto event = news();
  loop_.watch(event.get(), EPOLLIN, a_);
  loop_.watch(event.get(), EPOLLIN, b_);  // another waiter
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("b ready"));
  loop_.forget(event.get());
}

TEST_F(LoopTest, ForgetsADescriptor) {
  const auto event = news();
  loop_.watch(event.get(), EPOLLIN, a_);
  loop_.forget(event.get());
  loop_.forget(event.get());  // twice is once
  loop_.alarm(b_, past_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("b late"));
}

TEST_F(LoopTest, WakesNewsBeforeAlarms) {
  const auto event = news();
  loop_.watch(event.get(), EPOLLIN, a_);
  loop_.alarm(b_, past_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("a ready", "b late"));
  loop_.forget(event.get());
}

TEST_F(LoopTest, NewsMaySilenceAnAlarmThatIsDue) {
  const auto event = news();
  loop_.watch(event.get(), EPOLLIN, a_);
  loop_.alarm(a_, past_);
  a_.on_ready = [&] { loop_.silence(a_); };
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("a ready"));
  loop_.forget(event.get());
}

TEST_F(LoopTest, OneWaiterMayForgetTheDescriptorOfAnother) {
  const auto first = news();
  const auto second = news();
  loop_.watch(first.get(), EPOLLIN, a_);
  loop_.watch(second.get(), EPOLLIN, b_);
  a_.on_ready = [&] { loop_.forget(second.get()); };
  b_.on_ready = [&] { loop_.forget(first.get()); };
  loop_.turn();
  EXPECT_EQ(notes_.size(), 1U);
  loop_.forget(first.get());
  loop_.forget(second.get());
}

TEST_F(LoopTest, RingsAnAlarmOnce) {
  loop_.alarm(a_, past_);
  loop_.turn();
  loop_.alarm(b_, past_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("a late", "b late"));
}

TEST_F(LoopTest, RingsInTheOrderOfTime) {
  loop_.alarm(a_, past_);
  loop_.alarm(b_, past_ - std::chrono::seconds(1));
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("b late", "a late"));
}

TEST_F(LoopTest, TakesTheLastAlarmOfAWaiter) {
  loop_.alarm(a_, past_);
  loop_.alarm(a_, Clock::now() + std::chrono::hours(1));
  loop_.alarm(b_, past_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("b late"));
  loop_.alarm(a_, Clock::time_point::max());  // never
  loop_.alarm(b_, past_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("b late", "b late"));
}

TEST_F(LoopTest, SleepsUntilTheNextAlarm) {
  const auto when = Clock::now() + std::chrono::milliseconds(20);
  loop_.alarm(a_, when);
  while (notes_.empty()) loop_.turn();
  EXPECT_GE(Clock::now(), when);
}

TEST_F(LoopTest, AnAlarmMaySetTheNext) {
  a_.on_late = [&] {
    a_.on_late = nullptr;
    loop_.alarm(a_, past_);
  };
  loop_.alarm(a_, past_);
  loop_.turn();
  EXPECT_THAT(notes_, ElementsAre("a late", "a late"));
}

TEST_F(LoopTest, RefusesWhatCannotBeWatched) {
  EXPECT_THROW(loop_.watch(-1, EPOLLIN, a_), Error);
  EXPECT_THAT(notes_, IsEmpty());
}

}  // namespace
}  // namespace cluster::ssh
