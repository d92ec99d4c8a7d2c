#include "node-agent/state/names.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A host whose cards come and go. Each serial belongs to the card that is at that address now.
class PinnedNames : public ::testing::Test {
 protected:
  // "gpupci1 02:00, gpupci3 04:00; missing gpupci2". With `store` the names are saved too.
  std::string names(bool store = true) {
    Names names(file_);
    auto cards = find_cards(fake_.sysfs(), Settings{});
    int looks = 0;
    names.give(
        cards, boot_, false,
        [&](const Card& card) {
          ++looks;
          const auto& first = card.functions.front();
          return KnownCard{first.pci,
                           {first.vendor, first.device},
                           std::nullopt,
                           {serials_[card.pci().sysfs()], uuids_[card.pci().sysfs()]}};
        },
        [&](const KnownCard& card) {
          return fake_.sysfs().device_class(card.pci).has_value() && ignored_ == card.pci;
        });
    looked_ = looks > 0;
    changed_ = names.changed();
    if (store && changed_) names.save();
    std::vector<std::string> words;
    for (const auto& card : cards) {
      words.push_back(card.name.str() + " " + card.pci().sysfs().substr(5, 5));
    }
    auto text = joined(words, ", ");
    for (const auto& [name, card] : names.missing()) text += "; missing " + name.str();
    return text;
  }

  void add(const std::string& slot, const std::string& serial = "") {
    fake_.add({slot + ".0", "0300", "10de:1c03", "nvidia", 13});
    serials_[slot + ".0"] = serial.empty() ? std::nullopt : std::optional(serial);
  }
  void remove(const std::string& slot) { fake_.remove(slot + ".0"); }

  FakeSysfs fake_;
  std::filesystem::path file_ = fake_.root() / "names.json";
  std::map<std::string, std::optional<std::string>> serials_;
  std::map<std::string, std::optional<std::string>> uuids_;
  std::optional<PciAddress> ignored_;
  std::string boot_ = "first";
  bool looked_ = false;
  bool changed_ = false;
};

TEST_F(PinnedNames, AreGivenInTheOrderOfAddresses) {
  add("0000:03:00");
  add("0000:02:00");
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 03:00");
  EXPECT_TRUE(changed_);
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 03:00");
  EXPECT_FALSE(changed_);
  EXPECT_FALSE(looked_);  // a look costs reads of configuration space
}

TEST_F(PinnedNames, AreTheSameWhetherTheyCanBeStoredOrNot) {
  add("0000:03:00");
  EXPECT_EQ(names(), "gpupci1 03:00");
  add("0000:02:00");
  EXPECT_EQ(names(false), "gpupci1 03:00, gpupci2 02:00");
  EXPECT_EQ(names(false), "gpupci1 03:00, gpupci2 02:00");
  EXPECT_EQ(names(), "gpupci1 03:00, gpupci2 02:00");
}

TEST_F(PinnedNames, StayWhenACardIsPutIntoALowerSlot) {
  add("0000:02:00");
  add("0000:04:00");
  names();
  add("0000:01:00");
  add("0000:03:00");
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 04:00, gpupci3 01:00, gpupci4 03:00");
}

TEST_F(PinnedNames, AreKeptForACardThatLeftAndGoToNoOther) {
  add("0000:02:00");
  fake_.add({"0000:03:00.0", "0300", "10de:1e07", "nvidia", 14});
  names();
  fake_.remove("0000:03:00.0");
  EXPECT_EQ(names(), "gpupci1 02:00; missing gpupci2");
  add("0000:03:00");  // of another model
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci3 03:00; missing gpupci2");
  fake_.remove("0000:03:00.0");
  fake_.add({"0000:03:00.0", "0300", "10de:1e07", "nvidia", 15});
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 03:00; missing gpupci3");
}

TEST_F(PinnedNames, FollowTheOnlyCardThatCanHaveMoved) {
  add("0000:02:00");
  add("0000:03:00");
  names();
  remove("0000:02:00");
  add("0000:05:00");
  EXPECT_EQ(names(), "gpupci1 05:00, gpupci2 03:00");
  remove("0000:05:00");
  remove("0000:03:00");
  add("0000:06:00");
  add("0000:07:00");
  EXPECT_EQ(names(), "gpupci3 06:00, gpupci4 07:00; missing gpupci1; missing gpupci2");
}

TEST_F(PinnedNames, KeepWhatWasSeenOfTheCard) {
  fake_.add_card("0000:02:00", 2, 13);
  const auto set = [this](const std::string& file, const std::string& text) {
    replace_file(fake_.root() / "bus/pci" / file, text + "\n");
  };
  set("devices/0000:02:00.0/revision", "0xa1");
  set("slots/4/address", "0000:02:00");
  const auto look = [this](const Card& card) {
    return look_at(card, fake_.sysfs(), fake_.root() / "proc");
  };
  const auto give = [&] {
    Names names(file_);
    auto cards = find_cards(fake_.sysfs(), Settings{});
    names.give(cards, boot_, true, look, [](const KnownCard&) { return false; });
    names.save();
    return Names(file_).known().at(GpuName("gpupci1"));
  };
  auto kept = give();
  EXPECT_EQ(kept.device_class, "0300");
  EXPECT_EQ(kept.revision, "a1");
  EXPECT_EQ(kept.slot, "4");
  EXPECT_EQ(kept.iommu_group, "13");
  // A fact that the host does not tell now keeps its old value; a fact that it tells is new.
  std::filesystem::remove_all(fake_.root() / "bus/pci/slots");
  set("devices/0000:02:00.0/revision", "0xa2");
  kept = give();
  EXPECT_EQ(kept.revision, "a2");
  EXPECT_EQ(kept.slot, "4");
}

TEST_F(PinnedNames, FollowASerialNumberOrUuid) {
  add("0000:02:00", "a");
  add("0000:03:00", "b");
  add("0000:04:00");
  uuids_["0000:04:00.0"] = "GPU-c";
  names();
  remove("0000:04:00");
  add("0000:05:00");
  uuids_["0000:05:00.0"] = "GPU-c";
  std::swap(serials_["0000:02:00.0"], serials_["0000:03:00.0"]);
  boot_ = "second";
  EXPECT_EQ(names(), "gpupci1 03:00, gpupci2 02:00, gpupci3 05:00");
}

TEST_F(PinnedNames, StayWithTheSlotsOfTwinsThatWereSwapped) {
  add("0000:02:00");
  add("0000:03:00");
  names();
  boot_ = "second";
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 03:00");
  EXPECT_TRUE(looked_);
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 03:00");
  EXPECT_FALSE(looked_);
}

TEST_F(PinnedNames, GoToNoTwinWithAnotherSerialNumber) {
  add("0000:02:00", "a");
  names();
  serials_["0000:02:00.0"] = "b";
  boot_ = "second";
  EXPECT_EQ(names(), "gpupci2 02:00; missing gpupci1");
  serials_["0000:02:00.0"] = "a";
  boot_ = "third";
  EXPECT_EQ(names(), "gpupci1 02:00; missing gpupci2");
  serials_["0000:02:00.0"] = std::nullopt;  // who is not root reads none
  boot_ = "fourth";
  EXPECT_EQ(names(), "gpupci1 02:00; missing gpupci2");
  EXPECT_EQ(names(), "gpupci1 02:00; missing gpupci2");
}

TEST_F(PinnedNames, DoNotTrustANumberThatTwoCardsHave) {
  add("0000:02:00", "board");
  add("0000:03:00", "board");
  EXPECT_EQ(names(), "gpupci1 02:00, gpupci2 03:00");
  boot_ = "second";
  remove("0000:02:00");
  EXPECT_EQ(names(), "gpupci2 03:00; missing gpupci1");
}

TEST_F(PinnedNames, AreNotMissingWhenTheSettingsLeaveThemOut) {
  fake_.add({"0000:03:00.0", "0200", "10de:1c03", "nvidia", 14});  // no card any more
  replace_file(
      file_,
      R"({"version":1,"boot":"first","cards":{"gpupci1":{"pci":"0000:03:00.0",)"
      R"("model":"10de:1c03","subsystem":null,"serial":null,"uuid":null,"missing":false}}})");
  ignored_ = PciAddress{0, 3, 0, 0};
  add("0000:02:00");
  EXPECT_EQ(names(), "gpupci2 02:00");
}

TEST_F(PinnedNames, ThatAreNoRecordAreAnError) {
  for (const auto* text : {"", "{}", "[]", R"({"version":2,"boot":"","cards":{}})",
                           R"({"version":1,"boot":"","cards":{"gpu1":{}}})",
                           R"({"version":1,"boot":"","cards":{"gpupci1":{"pci":"x"}}})"}) {
    replace_file(file_, text);
    try {
      names();
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::io);
      EXPECT_THAT(error.what(), HasSubstr("not a record of names: "));
    }
  }
}

// The file gives back the facts about cards as they were stored, whatever they contain.
TEST_F(PinnedNames, AreReadBackAsTheyWereStored) {
  add("0000:02:00");
  add("0000:03:00");
  fake_.add({"10000:04:1f.0", "0302", "10de:00f1", std::nullopt, std::nullopt});
  const std::vector<std::optional<std::string>> texts{std::nullopt, "", "1458:37c4",
                                                      "a \"b\" \\ \n\t", "\xc3\xa4\xe2\x82\xac"};
  for (std::size_t round = 0; round < 40; ++round) {
    std::filesystem::remove(file_);
    Names names(file_);
    auto cards = find_cards(fake_.sysfs(), Settings{});
    std::size_t next = round;
    const auto text = [&] { return texts.at(next++ % texts.size()); };
    const auto look = [&](const Card& card) {
      KnownCard seen;
      seen.pci = card.pci();
      seen.model = {card.functions[0].vendor, 0x00f1};
      next += round / texts.size();
      seen.subsystem = text();
      seen.serial = {text(), text()};
      seen.device_class = text();
      seen.revision = text();
      seen.slot = text();
      seen.iommu_group = text();
      return seen;
    };
    names.give(cards, "boot \"" + std::to_string(round), true, look,
               [](const KnownCard&) { return false; });
    names.save();
    EXPECT_EQ(Names(file_).known(), names.known()) << round;
    EXPECT_EQ(names.known().size(), 3U);
  }
}

TEST_F(PinnedNames, AreNotStoredWhereThereIsNoCard) {
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_FALSE(changed_);
}

}  // namespace
}  // namespace cluster::agent
