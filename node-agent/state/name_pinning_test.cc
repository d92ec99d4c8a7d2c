#include "node-agent/state/name_pinning.h"

#include <gmock/gmock.h>

#include <set>

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Cards as a test describes them: "place model serial", where "-" is no serial number.
class NamingOfCards : public ::testing::Test {
 protected:
  using Known = std::map<GpuName, KnownCard>;

  static KnownCard seen(const std::string& bus, std::uint16_t model, const std::string& serial) {
    KnownCard card;
    card.pci = PciAddress::parse("0000:" + bus + ":00.0");
    card.model = {0x10de, model};
    if (serial != "-") card.serial.serial = serial;
    return card;
  }

  // A card of model 1 in a physical slot, with so many functions.
  void put_in_slot(const std::string& bus, const std::string& slot, int functions) {
    put(bus, 1);
    auto& card = seen_.at(cards_.back().pci());
    if (slot != "-") card.slot = slot;
    card.functions = std::to_string(functions) + " functions";
  }

  // The cards of which it is not sure which they are: "gpupci1 gpupci2".
  std::string doubts() const {
    std::string names;
    for (const auto& [name, card] : known_) {
      if (card.in_doubt) names += (names.empty() ? "" : " ") + name.str();
    }
    return names;
  }

  void put(const std::string& bus, std::uint16_t model, const std::string& serial = "-") {
    const auto what = seen(bus, model, serial);
    cards_.push_back({GpuName("gpupci"), {{what.pci, 0x0300, 0x10de, model, "nvidia", 13}}});
    seen_[what.pci] = what;
  }

  // Names the cards that were put on the host, and forgets them. Returns "gpupci1 02, gpupci2 03".
  std::vector<std::string> give() {
    const Naming naming(
        known_, cards_, [this](const Card& card) { return seen_.at(card.pci()); },
        [this](const KnownCard& card) { return hidden_.contains(card.pci); });
    std::vector<std::string> names;
    for (const auto& card : cards_) {
      names.push_back(card.name.str() + " " + card.pci().sysfs().substr(5, 2));
    }
    known_ = naming.known();
    missing_.clear();
    for (const auto& [name, card] : naming.missing()) missing_.push_back(name.str());
    cards_.clear();
    seen_.clear();
    return names;
  }

  Known known_;
  std::vector<std::string> missing_;
  std::set<PciAddress> hidden_;  // on the host, and no card by the settings

 private:
  std::vector<Card> cards_;
  std::map<PciAddress, KnownCard> seen_;
};

TEST_F(NamingOfCards, CountsOnFromTheHighestNumberEverGiven) {
  put("02", 1);
  put("03", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci1 02", "gpupci2 03"));
  put("05", 3);
  EXPECT_THAT(give(), ElementsAre("gpupci3 05"));
  EXPECT_THAT(missing_, ElementsAre("gpupci1", "gpupci2"));
}

// A device that was added below another port moves all later bus numbers by one.
TEST_F(NamingOfCards, KeepsNamesWithTheSlotsWhenBusNumbersMove) {
  put_in_slot("02", "4", 2);
  put_in_slot("03", "6", 2);
  give();
  put_in_slot("03", "4", 2);
  put_in_slot("04", "6", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci1 03", "gpupci2 04"));
  EXPECT_EQ(doubts(), "");
}

TEST_F(NamingOfCards, KeepsNamesWithTheFunctionsWhenBusNumbersMove) {
  put_in_slot("02", "-", 2);
  put_in_slot("03", "-", 4);
  give();
  put_in_slot("03", "-", 2);
  put_in_slot("04", "-", 4);
  EXPECT_THAT(give(), ElementsAre("gpupci1 03", "gpupci2 04"));
  EXPECT_EQ(doubts(), "");
}

TEST_F(NamingOfCards, DoubtsCardsThatNothingTellsApartWhenBusNumbersMove) {
  put_in_slot("02", "-", 2);
  put_in_slot("03", "-", 2);
  give();
  put_in_slot("03", "-", 2);
  put_in_slot("04", "-", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci2 03", "gpupci1 04"));
  EXPECT_EQ(doubts(), "gpupci1 gpupci2");
  put_in_slot("03", "-", 2);
  put_in_slot("04", "-", 2);
  give();
  EXPECT_EQ(doubts(), "gpupci1 gpupci2") << "who looks first does not settle it";
}

// The new card may be the one that is at the place of the old.
TEST_F(NamingOfCards, DoubtsACardToWhichOneOfItsModelCame) {
  put_in_slot("02", "-", 2);
  give();
  put_in_slot("02", "-", 2);
  put_in_slot("03", "-", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci1 02", "gpupci2 03"));
  EXPECT_EQ(doubts(), "gpupci1");
}

TEST_F(NamingOfCards, DoubtsNoCardThatIsAloneOfItsModelOrThatStays) {
  put_in_slot("02", "-", 2);
  give();
  put_in_slot("05", "-", 4);
  EXPECT_THAT(give(), ElementsAre("gpupci1 05"));
  EXPECT_EQ(doubts(), "");
  put_in_slot("05", "-", 4);
  put("06", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci1 05", "gpupci2 06"));
  put("06", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci2 06"));
  EXPECT_EQ(doubts(), "");
}

// Several slots of one name tell nothing.
TEST_F(NamingOfCards, DoubtsSlotsOfOneName) {
  put_in_slot("02", "0", 2);
  put_in_slot("03", "0", 2);
  give();
  put_in_slot("03", "0", 2);
  put_in_slot("04", "0", 2);
  give();
  EXPECT_EQ(doubts(), "gpupci1 gpupci2");
}

TEST_F(NamingOfCards, BelievesASerialNumberMoreThanAPlace) {
  put("02", 1, "a");
  put("03", 1, "b");
  give();
  put("02", 1, "b");
  put("03", 1, "a");
  EXPECT_THAT(give(), ElementsAre("gpupci2 02", "gpupci1 03"));
}

TEST_F(NamingOfCards, BelievesAPlaceWhenTheSerialNumberCannotBeRead) {
  put("02", 1, "a");
  give();
  put("02", 1);
  EXPECT_THAT(give(), ElementsAre("gpupci1 02"));
  EXPECT_EQ(known_.at(GpuName("gpupci1")).serial.serial, "a");  // as it was
}

TEST_F(NamingOfCards, TakesAnotherModelInTheSamePlaceForAnotherCard) {
  put("02", 1);
  give();
  put("02", 2);
  EXPECT_THAT(give(), ElementsAre("gpupci2 02"));
  EXPECT_THAT(missing_, ElementsAre("gpupci1"));
}

TEST_F(NamingOfCards, DoesNotGuessWhichOfTwoHasMoved) {
  put("02", 1);
  put("03", 1);
  give();
  put("06", 1);
  EXPECT_THAT(give(), ElementsAre("gpupci3 06"));
  EXPECT_THAT(missing_, ElementsAre("gpupci1", "gpupci2"));
}

TEST_F(NamingOfCards, CountsACardThatTheSettingsHideAsThere) {
  put("02", 1);
  put("03", 1);
  give();
  hidden_.insert(PciAddress{0, 3, 0, 0});
  put("06", 1);
  EXPECT_THAT(give(), ElementsAre("gpupci1 06"));  // only gpupci1 can have moved
  EXPECT_THAT(missing_, IsEmpty());
}

// For any history of cards that come, go and move: no name is given twice, each card has one, and
// the numbers of new names never go down.
TEST_F(NamingOfCards, GivesNoNameTwiceWhateverComesAndGoes) {
  unsigned random = 20261127;
  const auto next = [&](unsigned below) {
    random = random * 1103515245U + 12345U;
    return (random >> 16U) % below;
  };
  std::map<std::string, std::string> name_of_serial;
  for (int round = 0; round < 300; ++round) {
    std::set<unsigned> serials;
    std::size_t count = 0;
    std::vector<std::string> order;
    for (int bus = 10; bus < 18; ++bus) {
      const auto serial = next(12);
      if (next(2) == 0 || !serials.insert(serial).second) continue;
      put(std::to_string(bus), static_cast<std::uint16_t>(serial % 3), std::to_string(serial));
      order.push_back(std::to_string(serial));
      ++count;
    }
    const auto names = give();
    ASSERT_EQ(std::set<std::string>(names.begin(), names.end()).size(), count);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto name = names[i].substr(0, names[i].find(' '));
      const auto [at, is_new] = name_of_serial.emplace(order[i], name);
      ASSERT_EQ(at->second, name) << "serial " << order[i] << " in round " << round;
    }
    ASSERT_EQ(known_.size(), name_of_serial.size());
    ASSERT_EQ(missing_.size() + count, known_.size());
  }
}

}  // namespace
}  // namespace cluster::agent
