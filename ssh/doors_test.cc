#include "ssh/doors.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Clock::time_point kNow{seconds(1000)};
const Clock::time_point kFarOff = kNow + seconds(1000);

std::vector<std::string> names(std::size_t count, const std::string& name) {
  std::vector<std::string> all(count, name);
  return all;
}

// Lets in whoever may come; returns how many that were.
int let_in_all(Doors& doors, Clock::time_point now) {
  int count = 0;
  std::vector<std::size_t> entering;
  for (std::size_t number = 0; (number = doors.next(now)) != Doors::kNone; ++count) {
    entering.push_back(number);
  }
  for (const auto number : entering) doors.is_in(number, kNow);
  return count;
}

TEST(Doors, LetFewThroughAndMoreAsTheyComeIn) {
  Doors doors(names(40, "gw"));
  EXPECT_EQ(doors.next(kNow), 0U);
  EXPECT_EQ(doors.next(kNow), 1U);
  EXPECT_EQ(doors.next(kNow), Doors::kNone);
  doors.is_in(1, kNow);
  doors.is_in(1, kNow);  // it also ends later
  doors.has_ended(1);
  EXPECT_EQ(doors.next(kNow), 2U);
  EXPECT_EQ(doors.next(kNow), 3U);
  EXPECT_EQ(doors.next(kNow), Doors::kNone);
  for (const auto number : {0U, 2U, 3U}) doors.is_in(number, kNow);
  EXPECT_EQ(let_in_all(doors, kNow), 6);
  EXPECT_EQ(let_in_all(doors, kNow), Doors::kAtOnce);
  EXPECT_EQ(let_in_all(doors, kNow), Doors::kAtOnce);
}

TEST(Doors, AreNoHindranceToOthers) {
  auto all = names(9, "gw");
  all.emplace_back("other");
  Doors doors(all);
  for (std::size_t i = 0; i < Doors::kAtFirst; ++i) doors.next(kNow);
  EXPECT_EQ(doors.next(kNow), 9U);
  EXPECT_EQ(doors.next(kNow), Doors::kNone);
}

TEST(Doors, LetAllThroughInTheEnd) {
  Doors doors(names(100, "gw"));
  std::vector<bool> seen(100);
  for (int i = 0; i < 100; ++i) {
    const auto number = doors.next(kNow);
    ASSERT_NE(number, Doors::kNone);
    EXPECT_FALSE(seen[number]);
    seen[number] = true;
    (i % 2 == 0 ? doors.has_ended(number) : doors.is_in(number, kNow));
  }
  EXPECT_EQ(doors.next(kNow), Doors::kNone);
}

// A busy machine takes seconds for each login, and its sshd turns away most.
TEST(Doors, ThatMoveOnAreTriedOn) {
  Doors doors(names(100, "gw"));
  let_in_all(doors, kNow);
  const auto unlucky = doors.next(kNow);
  auto now = kNow;
  for (int tries = 1; tries < 3 * Doors::kMostTries; ++tries) {
    EXPECT_FALSE(doors.has_moved(unlucky)) << tries;
    const auto other = doors.next(now);
    doors.is_in(other, now);
    EXPECT_TRUE(doors.has_moved(unlucky)) << tries;
    const auto when = doors.try_again(unlucky, tries, now, now + seconds(1));
    ASSERT_TRUE(when) << tries;
    now = *when;
    ASSERT_EQ(doors.next(now), unlucky);
  }
}

// Its own way through the door is not the others', and the host behind it may turn away for ever.
TEST(Doors, OfAJumpHostDoNotMoveByTheJobItself) {
  Doors doors(names(2, "gw"));
  auto now = kNow;
  ASSERT_EQ(doors.next(now), 0U);
  for (int tries = 1; tries < Doors::kMostTries; ++tries) {
    doors.opens(0);
    EXPECT_FALSE(doors.has_moved(0));
    const auto when = doors.try_again(0, tries, now, kFarOff);
    ASSERT_TRUE(when) << tries;
    now = *when;
    ASSERT_EQ(doors.next(now), 0U);
  }
  doors.opens(0);
  EXPECT_FALSE(doors.try_again(0, Doors::kMostTries, now, kFarOff));
}

// Somebody is still on the way in, however long all others are turned away.
TEST(Doors, ThatAreSlowAreNotShut) {
  Doors doors(names(2, "gw"));
  doors.opens(doors.next(kNow));
  doors.next(kNow);
  auto now = kNow;
  for (int tries = 1; tries < Doors::kMostTries; ++tries) {
    const auto when = doors.try_again(0, tries, now, kFarOff);
    ASSERT_TRUE(when) << tries;
    now = *when;
    ASSERT_EQ(doors.next(now), 0U);
  }
  EXPECT_FALSE(doors.try_again(0, Doors::kMostTries, now, kFarOff));
}

// More of them would be turned away as well.
TEST(Doors, ThatTurnAwayLendNoPlacesInHaste) {
  Doors doors(names(10, "gw"));
  doors.next(kNow);
  doors.next(kNow);
  const auto when = doors.try_again(0, 1, kNow, kFarOff);
  ASSERT_EQ(doors.next(*when), Doors::kNone);  // one at a time, and 1 is on the way in
  EXPECT_EQ(doors.next(kNow + Doors::kPatience), Doors::kNone);
  EXPECT_EQ(doors.next(kNow + 2 * Doors::kPatience), 0U);
}

// Two hosts that are off stand at the jump host until their time is out.
TEST(Doors, DoNotWaitForTheSlow) {
  Doors doors(names(10, "gw"));
  doors.next(kNow);
  doors.next(kNow);
  EXPECT_EQ(doors.next(kNow), Doors::kNone);
  EXPECT_EQ(doors.wakes(), kNow + Doors::kPatience);
  const auto later = kNow + Doors::kPatience;
  for (int i = 0; i < 4; ++i) EXPECT_NE(doors.next(later), Doors::kNone);
  EXPECT_EQ(doors.next(later), Doors::kNone);
  doors.is_in(0, kNow);  // late, and it has no place to give any more
  doors.has_ended(1);
  EXPECT_EQ(doors.next(later), Doors::kNone);
}

// What takes long for all is not off.
TEST(Doors, HavePatienceWithASlowDoor) {
  Doors doors(names(10, "gw"));
  const auto later = kNow + 3 * Doors::kPatience;
  doors.next(kNow);
  doors.next(kNow);
  doors.is_in(0, later);
  for (int i = 0; i < 2; ++i) EXPECT_NE(doors.next(later), Doors::kNone);
  EXPECT_EQ(doors.next(later), Doors::kNone);
  EXPECT_EQ(doors.next(kNow + 5 * Doors::kPatience), Doors::kNone);
  EXPECT_NE(doors.next(kNow + 6 * Doors::kPatience), Doors::kNone);
}

TEST(Doors, LetTheTurnedAwayTryAgainAfterAPause) {
  Doors doors(names(1, "gw"));
  EXPECT_EQ(doors.wakes(), Clock::time_point::max());
  auto now = kNow;
  Clock::duration before{};
  for (int tries = 1; tries < 6; ++tries) {
    ASSERT_EQ(doors.next(now), 0U);
    const auto when = doors.try_again(0, tries, now, kFarOff);
    ASSERT_TRUE(when);
    EXPECT_GT(*when - now, before / 2);
    EXPECT_LE(*when - now, Doors::kLongestPause * 5 / 4);
    before = *when - now;
    EXPECT_EQ(doors.next(*when - milliseconds(1)), Doors::kNone);
    EXPECT_EQ(doors.wakes(), *when);
    now = *when;
  }
}

TEST(Doors, ThatTurnAwayAreCrowdedLess) {
  Doors doors(names(100, "gw"));
  for (int i = 0; i < 8; ++i) let_in_all(doors, kNow);
  std::vector<std::size_t> entering;
  for (int i = 0; i < Doors::kAtOnce; ++i) entering.push_back(doors.next(kNow));
  for (const auto number : entering) doors.try_again(number, 1, kNow, kFarOff);
  std::size_t again = 0;
  std::vector<std::size_t> let_in;
  while ((again = doors.next(kNow)) != Doors::kNone) let_in.push_back(again);
  EXPECT_EQ(let_in.size(), static_cast<std::size_t>(Doors::kInACrowd));
  for (const auto number : let_in) doors.is_in(number, kNow);
  EXPECT_EQ(let_in_all(doors, kNow), Doors::kAtOnce);
}

// Nobody knows yet whether it opens.
TEST(Doors, ThatTurnAwayTheFirstAreTriedByThemAlone) {
  Doors doors(names(10, "gw"));
  doors.next(kNow);
  doors.next(kNow);
  const auto first = doors.try_again(0, 1, kNow, kFarOff);
  const auto second = doors.try_again(1, 1, kNow, kFarOff);
  EXPECT_EQ(doors.next(kNow), Doors::kNone);
  const auto later = std::max(*first, *second);
  const auto one = doors.next(later);
  EXPECT_LE(one, 1U);
  EXPECT_EQ(doors.next(later), Doors::kNone);
  doors.is_in(one, kNow);
  EXPECT_NE(doors.next(later), Doors::kNone);
  EXPECT_NE(doors.next(later), Doors::kNone);
}

TEST(Doors, AreNotTriedWithoutEnd) {
  Doors doors(names(1, "gw"));
  doors.next(kNow);
  EXPECT_FALSE(doors.try_again(0, 1, kNow, kNow + milliseconds(1)));  // its time is out
  auto now = kNow;
  int tries = 1;
  for (; tries < Doors::kMostTries; ++tries) {
    const auto when = doors.try_again(0, tries, now, kFarOff);
    if (!when) break;
    now = *when;
    ASSERT_EQ(doors.next(now), 0U);
  }
  EXPECT_LT(tries, Doors::kMostTries);  // the door is shut for everybody
  EXPECT_GE(now - kNow, Doors::kLongestStreak);
}

}  // namespace
}  // namespace cluster::ssh
