#include "node-agent/guard.h"

#include <gtest/gtest.h>

#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

// Why the first card may not be detached, alone or with all others.
std::string why(const FakeSysfs& fake, bool together = false) {
  const auto cards = find_cards(fake.sysfs(), Settings{});
  const std::vector<Card> first{cards.front()};
  return refusal(first.front(), together ? cards : first, fake.sysfs(), Settings{})
      .value_or("nothing");
}

TEST(Guard, LetsACardGoThatIsAloneInItsGroup) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 4, 13);
  EXPECT_EQ(why(fake), "nothing");
}

TEST(Guard, NamesTheForeignerInTheGroup) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 2, 13).add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_EQ(why(fake),
            "0000:03:00.0 (class 0200, driver e1000) shares IOMMU group 13 with it; put the card "
            "into a slot with a group of its own, or detach that device too");
}

TEST(Guard, LetsHarmlessNeighboursBe) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 2, 13)
      .add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 13})
      .add({"0000:03:00.0", "0200", "8086:100e", std::nullopt, 13})
      .add({"0000:04:00.0", "0108", "144d:a804", "vfio-pci", 13});
  EXPECT_EQ(why(fake), "nothing");
}

TEST(Guard, TakesTwoCardsOfOneGroupOnlyTogether) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 13);
  EXPECT_TRUE(why(fake).starts_with("0000:03:00.0 (class 0300, driver nvidia) shares"))
      << why(fake);
  EXPECT_EQ(why(fake, true), "nothing");
}

TEST(Guard, LooksAtTheGroupOfEachFunction) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 1, 13)
      .add({"0000:02:00.1", "0403", "10de:10f1", "snd_hda_intel", 14})
      .add({"0000:03:00.0", "0c03", "8086:a36d", "xhci_hcd", 14});
  EXPECT_TRUE(why(fake).starts_with("0000:03:00.0 (class 0c03")) << why(fake);
}

TEST(Guard, SaysHowToTurnOnTheIommu) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 2, std::nullopt);
  EXPECT_TRUE(why(fake).starts_with("0000:02:00.0 is in no IOMMU group; turn on VT-d"))
      << why(fake);
}

}  // namespace
}  // namespace cluster::agent
