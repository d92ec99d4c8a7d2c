// The stored rolls of an inventory: where they are, which one is meant, and what they tell scripts.

#include "frontend/rolls/roll_store.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "rolls/engine/folder.h"
#include "rolls/engine/package_signature.h"
#include "tests/support/refused_call.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class StoredRolls : public ::testing::Test {
 protected:
  // Puts a roll with one attribute beside the inventory, as `add roll` does.
  void has(const std::string& name, const std::string& version, const std::string& fallback = "x") {
    const auto roll = folder_.path() / "rolls" / (name + "-" + version);
    std::filesystem::create_directories(roll);
    replace_file(roll / "roll.yaml", "name: " + name + "\nversion: " + version +
                                         "\nsummary: s\nattributes:\n  " + name +
                                         "_mode: {default: " + fallback + ", help: h}\n");
    inventory_.add_roll({name, version, "any", false, rolls::checksum_of(roll)});
  }

  void sets(const std::string& name, const std::string& value) {
    inventory_.set_attributes({{{}, {}, name, value}});
  }

  TempDir folder_;
  Inventory inventory_{folder_.path() / "cluster.db", Inventory::Open::create};
};

std::vector<std::string> full_names(const std::vector<rolls::Roll>& rolls) {
  std::vector<std::string> names;
  for (const auto& roll : rolls) names.push_back(roll.full_name());
  return names;
}

TEST_F(StoredRolls, AreBesideTheInventoryUnlessItSaysAnotherFolder) {
  EXPECT_EQ(rolls_folder(inventory_), folder_.path() / "rolls");
  sets("roll_store", "/srv/rolls");
  EXPECT_EQ(rolls_folder(inventory_), "/srv/rolls");
  sets("roll_store", "");
  EXPECT_EQ(rolls_folder(inventory_), folder_.path() / "rolls");
  sets("roll_store", "srv/rolls");
  EXPECT_EQ(refused_call(Fault::usage, [&] { rolls_folder(inventory_); }),
            "attribute roll_store: 'srv/rolls' is not the whole path of a folder");
}

TEST_F(StoredRolls, TheOneThatIsMeantIsEnabledOrAlone) {
  has("demo", "1");
  EXPECT_EQ(find_roll(inventory_, "demo", "").version, "1");
  has("demo", "2");
  EXPECT_EQ(find_roll(inventory_, "demo", "1").version, "1");
  EXPECT_EQ(refused_call(Fault::usage, [&] { find_roll(inventory_, "demo", ""); }),
            "roll 'demo' is there as 1, 2: want version=");
  inventory_.enable_roll("demo", "1");
  EXPECT_EQ(find_roll(inventory_, "demo", "").version, "1");
}

TEST_F(StoredRolls, OneThatIsNotThereIsToldFromAVersionThatIsNot) {
  has("demo", "1");
  EXPECT_EQ(refused_call(Fault::not_found, [&] { find_roll(inventory_, "demos", "2"); }),
            "roll 'demos' 2 is not in the inventory (did you mean 'demo'?)");
  EXPECT_EQ(refused_call(Fault::not_found, [&] { find_roll(inventory_, "demo", "2"); }),
            "roll 'demo' 2 is not in the inventory (`cluster list roll`)");
}

TEST_F(StoredRolls, ANameSelectsAllItsVersions) {
  has("demo", "1");
  has("demo", "2");
  has("gds", "1");
  inventory_.enable_roll("demo", "1");
  EXPECT_EQ(select_rolls(inventory_, {}).size(), 3U);
  const auto demos = select_rolls(inventory_, {"demo"});
  ASSERT_EQ(demos.size(), 2U);
  EXPECT_EQ(demos[0].full_name(), "demo-1");
  EXPECT_EQ(demos[1].full_name(), "demo-2");
  EXPECT_THROW(select_rolls(inventory_, {"demo", "base"}), Error);
}

TEST_F(StoredRolls, ThoseThatAreEnabledAreRead) {
  has("demo", "1");
  has("demo", "2");
  has("gds", "1");
  EXPECT_THAT(enabled_rolls(inventory_), IsEmpty());
  inventory_.enable_roll("gds", "1");
  inventory_.enable_roll("demo", "2");
  EXPECT_THAT(full_names(enabled_rolls(inventory_)), ElementsAre("demo-2", "gds-1"));
  EXPECT_THAT(full_names(described_rolls(inventory_)), ElementsAre("demo-2", "gds-1"));
}

TEST_F(StoredRolls, ARollStandsForItsOtherVersions) {
  has("demo", "1");
  has("gds", "1");
  inventory_.enable_roll("demo", "1");
  inventory_.enable_roll("gds", "1");
  rolls::Roll next;
  next.name = "demo";
  next.version = "2";
  EXPECT_THAT(full_names(enabled_with(inventory_, next)), UnorderedElementsAre("demo-2", "gds-1"));
}

// Whoever runs it wants to know; whoever asks for help is not to be stopped.
TEST_F(StoredRolls, OneWhoseFolderIsGoneIsRefusedButNotDescribed) {
  has("demo", "1");
  has("gds", "1");
  inventory_.enable_roll("demo", "1");
  inventory_.enable_roll("gds", "1");
  const auto demo = folder_.path() / "rolls/demo-1";
  std::filesystem::remove_all(demo);
  EXPECT_EQ(refused_call(Fault::refused, [&] { enabled_rolls(inventory_); }),
            "roll 'demo' 1 was changed after it was added ('" + demo.native() +
                "'); remove it and add it again");
  EXPECT_THAT(full_names(described_rolls(inventory_)), ElementsAre("gds-1"));
}

rolls::Roll with_command(const std::string& name, const std::string& path) {
  rolls::Roll roll;
  roll.name = name;
  roll.commands.push_back({path, "bin/a", "s"});
  return roll;
}

TEST(RollClashes, OfCommandsAreOfWholeWords) {
  const auto own = with_command("a", "report gds");
  const auto clash = [&](const std::string& path) {
    return refused_call(Fault::refused,
                        [&] { refuse_clashes(own, {with_command("b", path)}, {}); });
  };
  for (const std::string path : {"report gds", "report gds now", "report"}) {
    EXPECT_EQ(clash(path), "roll 'a' has a command 'report gds', and roll 'b' has '" + path + "'");
  }
  EXPECT_EQ(clash("report gdsx"), "taken");
  EXPECT_EQ(clash("list gds"), "taken");
  EXPECT_EQ(refused_call(Fault::refused, [&] { refuse_clashes(own, {}, {"report gd"}); }), "taken");
  EXPECT_EQ(refused_call(Fault::refused, [&] { refuse_clashes(own, {}, {"report gds cards"}); }),
            "roll 'a' has a command 'report gds', and there is 'report gds cards' already");
}

TEST(RollClashes, AnotherVersionOfTheRollIsNoClash) {
  auto own = with_command("a", "report gds");
  own.attributes.push_back({"a_mode", "x", "h"});
  EXPECT_NO_THROW(refuse_clashes(own, {own}, {}));
}

TEST(RollValues, AreTheDefaultUnlessTheSiteSetsAnother) {
  rolls::Roll roll;
  roll.attributes.push_back({"a_mode", "quiet", "h", {"quiet", "loud"}});
  roll.attributes.push_back({"a_size", "1", "h"});
  rolls::TemplateValues values;
  add_attributes(roll, {{"a_mode", {"loud", AttributeSource::global}}}, values);
  EXPECT_THAT(values, UnorderedElementsAre(Pair("a_mode", "loud"), Pair("a_size", "1")));
}

TEST(RollValues, OneThatTheRollDoesNotTakeIsToldWithTheHostThatHasIt) {
  rolls::Roll roll;
  roll.attributes.push_back({"a_mode", "quiet", "h", {"quiet", "loud"}});
  const ResolvedAttributes set{{"a_mode", {"hush", AttributeSource::global}}};
  const auto words = [&](rolls::TemplateValues values) {
    return refused_call(Fault::refused, [&] { add_attributes(roll, set, values); });
  };
  const std::string why = "attribute a_mode='hush': want quiet, loud";
  EXPECT_EQ(words({}), why);
  EXPECT_EQ(words(no_facts("compute")), why) << "it is for no host in particular";
  EXPECT_EQ(words({{"host", "n1"}}), why + " (`cluster list host attr n1`)");
}

TEST(RollValues, OfNoHostAreEmptyButTheAppliance) {
  for (const auto& [name, value] : no_facts("compute")) {
    EXPECT_EQ(value, name == "appliance" ? "compute" : "") << name;
  }
  EXPECT_EQ(no_facts("compute").size(), std::size(rolls::kFacts));
}

GpuCard stored_card(const std::string& name, const std::string& pci,
                    const std::vector<std::string>& ids) {
  GpuCard card{GpuName(name), PciAddress::parse(pci), {}, {}, {}, {}, {}, false, {}};
  auto at = card.pci;
  for (const auto& id : ids) {
    card.functions.push_back({at, "0302", "10de", id, {}, {}, {}});
    ++at.function;
  }
  return card;
}

TEST_F(StoredRolls, TellScriptsOfTheCardsThatMayGoToVms) {
  const HostName host("n1");
  inventory_.add_host({host, "vm-container", {}, {}, {}, {}, {}, {}});
  auto gone = stored_card("gpupci3", "0000:03:00.0", {"1111"});
  gone.missing = true;
  inventory_.store_gpu_cards(host, {{stored_card("gpupci1", "0000:01:00.0", {"2330", "10f8"}),
                                     stored_card("gpupci2", "0000:02:00.0", {"2330"}), gone,
                                     stored_card("gpupci4", "0000:04:00.0", {"2222"})},
                                    {}});
  inventory_.add_gpu({host, GpuName("gpupci5"), PciAddress::parse("0000:05:00.0")});
  inventory_.set_gpu_wish(host, {GpuName("gpupci4")}, GpuWish::host);
  const auto values = values_for(inventory_, {}, AttributeResolver(std::vector<Attribute>{}),
                                 {"vm-container", {}, host});
  EXPECT_EQ(values.at("host"), "n1");
  EXPECT_EQ(values.at("cards"), "0000:01:00.0 0000:02:00.0 0000:05:00.0");
  EXPECT_EQ(values.at("functions"), "0000:01:00.0 0000:01:00.1 0000:02:00.0 0000:05:00.0");
  EXPECT_EQ(values.at("models"), "10de:10f8,10de:2330");
}

TEST_F(StoredRolls, TellScriptsTheKeyInOneLine) {
  const auto key = rolls::public_key_of(signing_key_folder(inventory_));
  std::filesystem::create_directories(key.parent_path());
  replace_file(key, "-----BEGIN\n\nabc\n-----END\n");
  const auto values =
      values_for(inventory_, {}, AttributeResolver(std::vector<Attribute>{}), {"compute", {}, {}});
  EXPECT_EQ(values.at("distro_key"), "-----BEGIN||abc|-----END");
  EXPECT_EQ(values.at("host"), "");
}

TEST(RollStaging, IsAnEmptyFolderThatGoesWithItsHolder) {
  const TempDir store;
  std::filesystem::create_directories(store.path() / ".new/left-by-a-killed-one");
  {
    const Staging staging(store.path());
    EXPECT_EQ(staging.path().parent_path(), store.path());
    EXPECT_TRUE(std::filesystem::is_empty(staging.path()));
    replace_file(staging.path() / "roll.yaml", "x\n");
  }
  EXPECT_TRUE(std::filesystem::is_empty(store.path()));
}

TEST(RollStaging, SaysWhereItCannotBe) {
  const TempDir place;
  const auto store = place.path() / "a";
  replace_file(store, "a file\n");
  EXPECT_EQ(refused_call(Fault::io, [&] { const Staging staging(store); }),
            "cannot make '" + (store / ".new").native() + "': Not a directory");
}

TEST(StoreLocks, AStoreThatIsNotThereNeedsNone) {
  const TempDir place;
  EXPECT_NO_THROW(StoreLock(place.path() / "none"));
  replace_file(place.path() / "a", "a file\n");
  EXPECT_EQ(refused_call(Fault::io, [&] { const StoreLock lock(place.path() / "a"); }),
            "cannot lock '" + (place.path() / "a").native() + "': Not a directory");
}

}  // namespace
}  // namespace cluster::frontend
