#include "node-agent/transaction/unit.h"

#include <gmock/gmock.h>

#include "core/text.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

// "gpupci1 gpupci3, gpupci2": the cards of each unit.
std::string units_of(const FakeSysfs& fake) {
  std::vector<std::string> words;
  for (const auto& unit : units(find_cards(fake.sysfs(), {}))) {
    std::vector<std::string> names;
    for (const auto& card : unit) names.push_back(card.label());
    words.push_back(joined(names, " "));
  }
  return joined(words, ", ");
}

TEST(Units, AreTheCardsThatShareAGroup) {
  FakeSysfs fake;
  fake.add_card("0000:01:00", 2, 1)
      .add_card("0000:02:00", 2, 2)
      .add_card("0000:03:00", 1, 1)
      .add_card("0000:04:00", 1, std::nullopt)
      .add_card("0000:05:00", 1, std::nullopt);
  EXPECT_EQ(units_of(fake), "gpupci1 gpupci3, gpupci2, gpupci4, gpupci5");
}

TEST(Units, AreJoinedByACardThatIsInTwoGroups) {
  FakeSysfs fake;
  fake.add_card("0000:01:00", 1, 1)
      .add_card("0000:02:00", 1, 2)
      .add_card("0000:03:00", 1, 3)
      .add({"0000:04:00.0", "0300", "10de:1e07", "nvidia", 1})
      .add({"0000:04:00.1", "0403", "10de:10f7", "snd_hda_intel", 2});
  EXPECT_EQ(units_of(fake), "gpupci1 gpupci2 gpupci4, gpupci3");
}

TEST(Units, AreNoneWithoutCards) { EXPECT_TRUE(units({}).empty()); }

}  // namespace
}  // namespace cluster::agent
