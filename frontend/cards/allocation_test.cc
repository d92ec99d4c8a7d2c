#include "frontend/cards/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

FreeCard card(int number, const std::string& model, std::optional<int> node = {}) {
  return {GpuName("gpupci" + std::to_string(number)), model, node};
}

CardHost host(const std::string& name, std::vector<FreeCard> free) {
  return {HostName(name), std::move(free), {}};
}

const std::vector kTwoHosts{
    host("n1", {card(1, "Tesla T4"), card(2, "Tesla T4"), card(3, "Tesla T4")}),
    host("n2", {card(1, "Tesla T4"), card(4, "H100")})};

TEST(Allocation, PackTakesTheFullerHostAndSpreadTheEmptier) {
  EXPECT_EQ(allocate(kTwoHosts, {1, ""}, Policy::pack).container.str(), "n2");
  EXPECT_EQ(allocate(kTwoHosts, {1, ""}, Policy::spread).container.str(), "n1");
}

TEST(Allocation, OnlyCardsOfTheModelCount) {
  const auto placed = allocate(kTwoHosts, {1, "h100"}, Policy::spread);
  EXPECT_EQ(placed.container.str(), "n2");
  EXPECT_THAT(placed.cards, ElementsAre(GpuName("gpupci4")));
  EXPECT_EQ(allocate(kTwoHosts, {2, "t4"}, Policy::pack).container.str(), "n1");
}

TEST(Allocation, OnlyGpusCountUnlessAnyDeviceWillDo) {
  auto switch_card = card(1, "NVSwitch 10de:22a3");
  switch_card.is_gpu = false;
  const auto one = host("n1", {switch_card, card(2, "H200 10de:2335")});
  EXPECT_THAT(allocate({one}, {1, ""}, Policy::pack).cards, ElementsAre(GpuName("gpupci2")));
  EXPECT_FALSE(find_allocation({one}, {2, ""}, Policy::pack));
  EXPECT_FALSE(find_allocation({one}, {1, "22a3"}, Policy::pack));
  EXPECT_THAT(allocate({one}, {1, "10de:22a3", true}, Policy::pack).cards,
              ElementsAre(GpuName("gpupci1")));
  try {
    allocate({one}, {2, ""}, Policy::pack);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no host has 2 cards free: n1 has 1 (gpupci1 is no GPU)");
  }
}

TEST(Allocation, CardsOfOneNodeComeBeforeThePolicy) {
  const std::vector hosts{host("n1", {card(1, "T4", 0), card(2, "T4", 1)}),
                          host("n2", {card(1, "T4", 0), card(2, "T4", 1), card(3, "T4", 1)})};
  const auto placed = allocate(hosts, {2, ""}, Policy::pack);
  EXPECT_EQ(placed.container.str(), "n2");
  EXPECT_THAT(placed.cards, ElementsAre(GpuName("gpupci2"), GpuName("gpupci3")));
}

TEST(Allocation, TheSmallestNodeThatHasEnoughIsTaken) {
  const auto one = host("n1", {card(1, "T4", 0), card(2, "T4", 0), card(3, "T4", 0),
                               card(4, "T4", 1), card(5, "T4", 1)});
  EXPECT_THAT(allocate({one}, {2, ""}, Policy::pack).cards,
              ElementsAre(GpuName("gpupci4"), GpuName("gpupci5")));
}

TEST(Allocation, ARefusalSaysWhatEachHostHas) {
  auto hosts = kTwoHosts;
  hosts[1].kept = {"gpupci2 is missing", "gpupci3 is in rocks-33"};
  try {
    allocate(hosts, {4, "T4"}, Policy::pack);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::refused);
    EXPECT_STREQ(error.what(),
                 "no host has 4 'T4' cards free: n1 has 3; n2 has 1 (gpupci2 is missing, gpupci3 "
                 "is in rocks-33)");
  }
  EXPECT_THROW(allocate({}, {1, ""}, Policy::pack), Error);
}

TEST(Allocation, ThePolicyIsOneOfTwoWords) {
  EXPECT_EQ(parse_policy("pack"), Policy::pack);
  EXPECT_EQ(parse_policy("spread"), Policy::spread);
  EXPECT_THROW(parse_policy("best"), Error);
}

}  // namespace
}  // namespace cluster::frontend
