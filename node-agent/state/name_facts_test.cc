// Each fact of a card by itself: what it says of which card it is, and what it does not say.

#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "node-agent/state/name_pinning.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;

// Cards that a test makes by its own hand; all are of one model.
class NamingHost {
 public:
  KnownCard& put(const std::string& bus) {
    KnownCard card;
    card.pci = PciAddress::parse("0000:" + bus + ":00.0");
    card.model = {0x10de, 0x1c03};
    cards_.push_back({GpuName("gpupci"), {{card.pci, 0x0300, 0x10de, 0x1c03, "nvidia", 13}}});
    return seen_[card.pci] = card;
  }

  // Names the cards that were put, and forgets them: "gpupci1 02".
  std::vector<std::string> give() {
    const Naming naming(
        known_, cards_, [this](const Card& card) { return seen_.at(card.pci()); },
        [](const KnownCard&) { return false; });
    std::vector<std::string> names;
    for (const auto& card : cards_) {
      names.push_back(card.name.str() + " " + card.pci().sysfs().substr(5, 2));
    }
    known_ = naming.known();
    cards_.clear();
    seen_.clear();
    return names;
  }

  const KnownCard& known(int number) const {
    return known_.at(GpuName("gpupci" + std::to_string(number)));
  }

 private:
  std::map<GpuName, KnownCard> known_;
  std::vector<Card> cards_;
  std::map<PciAddress, KnownCard> seen_;
};

class NameFacts : public ::testing::Test, public NamingHost {};

struct Fact {
  const char* name;
  std::function<std::optional<std::string>&(KnownCard&)> of;
};

const std::vector<Fact>& identifying_facts() {
  static const std::vector<Fact> facts{
      {"subsystem", [](KnownCard & card) -> auto& {return card.subsystem;
}
}  // namespace
, {"serial number", [](KnownCard& card) -> auto& {return card.serial.serial;
}  // namespace cluster::agent
}
, {
  "UUID", [](KnownCard & card) -> auto& { return card.serial.uuid; }
}
}
;
return facts;
}

TEST_F(NameFacts, AnotherValueIsAnotherCardAndOneThatIsNotReadIsNot) {
  int number = 1;
  for (const auto& fact : identifying_facts()) {
    const auto bus = std::to_string(10 + number);
    const auto first = "gpupci" + std::to_string(number) + " " + bus;
    fact.of(put(bus)) = "a";
    EXPECT_THAT(give(), ElementsAre(first)) << fact.name;
    put(bus);
    EXPECT_THAT(give(), ElementsAre(first)) << fact.name;
    fact.of(put(bus)) = "a";
    EXPECT_THAT(give(), ElementsAre(first)) << fact.name << " was kept";
    fact.of(put(bus)) = "b";
    const auto second = "gpupci" + std::to_string(number + 1) + " " + bus;
    EXPECT_THAT(give(), ElementsAre(second)) << fact.name;
    number += 2;
  }
}

// The place of the other card is no reason to take a card for it, nor is it that the other card's
// number was never read.
TEST_F(NameFacts, ANumberSaysMoreThanThePlaceOfACardWithoutOne) {
  for (const auto& fact : {identifying_facts()[1], identifying_facts()[2]}) {
    NamingHost host;
    fact.of(host.put("02")) = "a";
    host.put("03");
    EXPECT_THAT(host.give(), ElementsAre("gpupci1 02", "gpupci2 03"));
    host.put("02");
    fact.of(host.put("03")) = "a";
    EXPECT_THAT(host.give(), ElementsAre("gpupci2 02", "gpupci1 03")) << fact.name;
    EXPECT_FALSE(host.known(1).in_doubt) << fact.name;
  }
}

TEST_F(NameFacts, ANumberThatTwoHaveSaysNothing) {
  for (const auto* bus : {"02", "03"}) put(bus).serial.serial = "of the board";
  EXPECT_THAT(give(), ElementsAre("gpupci1 02", "gpupci2 03"));
  EXPECT_EQ(known(1).serial.serial, std::nullopt);
  EXPECT_EQ(known(2).serial.serial, std::nullopt);
  // Else the first one that is looked at would be the card of that number.
  for (const auto* bus : {"03", "02"}) put(bus).serial.serial = "of the board";
  EXPECT_THAT(give(), ElementsAre("gpupci2 03", "gpupci1 02"));
  // The number of a third card is its own nevertheless.
  for (const auto* bus : {"02", "03"}) put(bus).serial.serial = "of the board";
  put("04").serial.serial = "a";
  give();
  EXPECT_EQ(known(3).serial.serial, "a");
}

// A setting of the firmware that gives all cards more functions moves none.
TEST_F(NameFacts, CardsStayWhereAllHaveOtherFunctions) {
  for (const auto* bus : {"02", "03"}) put(bus).functions = "two";
  give();
  for (const auto* bus : {"02", "03"}) put(bus).functions = "four";
  EXPECT_THAT(give(), ElementsAre("gpupci1 02", "gpupci2 03"));
}

TEST_F(NameFacts, AMoverIsKnownByItsFunctionsFirst) {
  put("02").functions = "two";
  put("03").functions = "four";
  give();
  put("05").functions = "four";
  EXPECT_THAT(give(), ElementsAre("gpupci2 05"));
  put("06").functions = "two";
  put("05").functions = "four";
  EXPECT_THAT(give(), ElementsAre("gpupci1 06", "gpupci2 05"));
}

// One card took the place of the other, and then the other one came back.
TEST_F(NameFacts, TheLastCardOfAPlaceCounts) {
  put("02").serial.serial = "a";
  give();
  put("02").serial.serial = "b";
  EXPECT_THAT(give(), ElementsAre("gpupci2 02"));
  EXPECT_TRUE(known(1).missing);
  put("02");
  EXPECT_THAT(give(), ElementsAre("gpupci2 02"));
  put("02").serial.serial = "a";
  EXPECT_THAT(give(), ElementsAre("gpupci1 02"));
  put("02");
  EXPECT_THAT(give(), ElementsAre("gpupci1 02")) << "it need not have the highest number";
}

TEST_F(NameFacts, ASlotTellsACardThatIsAloneInIt) {
  put("02").slot = "4";
  put("03").slot = "6";
  give();
  put("06").slot = "4";
  put("02").slot = "6";
  EXPECT_THAT(give(), ElementsAre("gpupci1 06", "gpupci2 02"));
  EXPECT_FALSE(known(1).in_doubt || known(2).in_doubt);
  // Another card in the slot is not the card of the slot.
  put("06").slot = "4";
  auto& other = put("02");
  other.slot = "6";
  other.subsystem = "1458:37c4";
  give();
  put("06").slot = "4";
  auto& third = put("02");
  third.slot = "6";
  third.subsystem = "1462:37c4";
  EXPECT_THAT(give(), ElementsAre("gpupci1 06", "gpupci3 02"));
}

TEST_F(NameFacts, WhatCannotBeReadStaysAsItWas) {
  auto& card = put("02");
  card.subsystem = "1458:37c4";
  card.serial = {.serial = "a", .uuid = "GPU-1"};
  card.revision = "a1";
  card.slot = "4";
  card.iommu_group = "13";
  give();
  put("02");
  give();
  EXPECT_EQ(known(1).subsystem, "1458:37c4");
  EXPECT_EQ(known(1).serial.serial, "a");
  EXPECT_EQ(known(1).serial.uuid, "GPU-1");
  EXPECT_EQ(known(1).revision, "a1");
  EXPECT_EQ(known(1).slot, "4");
  EXPECT_EQ(known(1).iommu_group, "13");
  auto& now = put("02");
  now.revision = "a2";
  now.slot = "5";
  now.iommu_group = "14";
  give();
  EXPECT_EQ(known(1).revision, "a2");
  EXPECT_EQ(known(1).slot, "5");
  EXPECT_EQ(known(1).iommu_group, "14");
}

TEST_F(NameFacts, ANumberSettlesADoubt) {
  for (const auto* bus : {"02", "03"}) put(bus);
  give();
  for (const auto* bus : {"03", "04"}) put(bus);
  give();
  EXPECT_TRUE(known(1).in_doubt && known(2).in_doubt);
  put("03").serial.serial = "a";
  put("04").serial.serial = "b";
  give();
  EXPECT_TRUE(known(1).in_doubt && known(2).in_doubt) << "nobody knew these numbers then";
  put("03").serial.serial = "a";
  put("04").serial.serial = "b";
  give();
  EXPECT_FALSE(known(1).in_doubt || known(2).in_doubt);
}

}  // namespace
}  // namespace cluster::agent
