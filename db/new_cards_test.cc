#include <gtest/gtest.h>

#include <array>

#include "core/error.h"
#include "db/history.h"
#include "db/inventory.h"
#include "db/sqlite_engine.h"
#include "tests/support/temp_dir.h"

// The cards of many hosts that have none: add_gpu_cards() leaves what store_gpu_cards() leaves,
// which the triggers of the schema watch.
namespace cluster {
namespace {

using StoredLines = std::vector<std::string>;

StoredLines answers_of(const std::filesystem::path& file, const std::string& query) {
  StoredLines answers;
  const auto db = db::open_sqlite(file);
  const auto statement = db->prepare(query);
  while (statement->step()) answers.push_back(statement->string(0));
  return answers;
}

// Every value of all rows of a table.
StoredLines stored_rows(const std::filesystem::path& file, const std::string& table) {
  std::string row;
  for (const auto& column :
       answers_of(file, "SELECT name FROM pragma_table_xinfo('" + table + "')")) {
    row += (row.empty() ? "quote(\"" : " || ' ' || quote(\"") + column + "\")";
  }
  return answers_of(file, "SELECT " + row + " FROM " + table + " ORDER BY 1");
}

// Each byte that a text may have, and what JSON and SQL write in another way.
std::string odd_model() {
  std::string text = "\"quoted\" \\ it's \xc3\xa9 \x7f /";
  for (char c = 1; c < 0x20; ++c) text += c;
  return text;
}

GpuCard fresh_card(int number) {
  const auto bus = static_cast<std::uint8_t>(number);
  GpuCard one{
      GpuName("gpupci" + std::to_string(number)), {0, bus, 0, 0}, {}, {}, {}, {}, {}, false, {}};
  one.functions = {{{0, bus, 0, 0}, "0302", "10de", "2235", "10de", "145a", 7, 65536, {16, 131072}},
                   {{0, bus, 0, 1}, "0403", "10de", "1aef", {}, {}, {}, {}, {}}};
  return one;
}

// More rows than one statement adds.
std::vector<GpuCard> fresh_cards() {
  std::vector<GpuCard> cards;
  for (int number = 1; number <= 9; ++number) cards.push_back(fresh_card(number));
  auto& full = cards[4];
  full.model = odd_model();
  full.serial = "a\tb";
  full.uuid = "a\\b";
  full.physical_slot = "\x01";
  full.numa_node = 1;
  full.missing = true;
  full.failing = "";
  full.wish = GpuWish::detached;
  full.told = {"nvidia -", "2026-11-21T01:20:00Z", "2026-11-22T01:20:00Z", "2026-11-23T01:20:00Z"};
  full.slices = {{0, {0, 5, 1, 0}, "1145"}, {1, {0, 5, 1, 1}, {}}};
  return cards;
}

class NewCardsOfHosts : public ::testing::Test {
 protected:
  // An inventory of these hosts, in which nothing is counted anew.
  std::filesystem::path made(const char* name) const {
    auto file = folder.path() / name;
    Inventory inventory(file, Inventory::Open::create);
    for (const auto& host : {n10, n2, n1}) {
      inventory.add_host({host, "compute", {}, {}, {}, {}, {}, {}});
    }
    inventory.add_vm({vm, n1, "u1", 1024, 1, {}, {}});
    return file;
  }

  static bool add(Inventory& inventory, const std::vector<NewCards>& hosts) {
    bool added = false;
    inventory.together("discover host gpu", [&] { added = inventory.add_gpu_cards(hosts); });
    return added;
  }

  static void expect_nothing_of(const std::filesystem::path& file, const StoredLines& history) {
    for (const auto* table : {"gpu", "gpu_function", "gpu_slice", "free_card_stale"}) {
      EXPECT_EQ(stored_rows(file, table), StoredLines{}) << table;
    }
    EXPECT_EQ(stored_rows(file, "change_row"), history);
  }

  TempDir folder;
  const HostName n1{"n1"};
  const HostName n2{"n2"};
  const HostName n10{"n10"};
  const HostName vm{"v1"};
  const std::vector<GpuCard> one{fresh_card(1)};
  const std::vector<GpuCard> many = fresh_cards();
};

TEST_F(NewCardsOfHosts, AreStoredAsOneAfterTheOther) {
  const auto slow = made("slow.db");
  const auto quick = made("quick.db");
  {
    Inventory inventory(slow, Inventory::Open::existing);
    inventory.together("discover host gpu", [&] {
      inventory.store_gpu_cards(n2, {many, {}});
      inventory.store_gpu_cards(n10, {one, {}});
    });
  }
  {
    Inventory inventory(quick, Inventory::Open::existing);
    EXPECT_TRUE(add(inventory, {{&n2, &many}, {&n10, &one}}));
    EXPECT_EQ(inventory.gpu_cards(n2), many);
    EXPECT_EQ(inventory.gpu_cards(n10), one);
  }
  for (const auto* table :
       {"gpu", "gpu_function", "gpu_slice", "free_card_stale", "change_row", "change_now"}) {
    EXPECT_NE(stored_rows(slow, table), StoredLines{}) << table;
    EXPECT_EQ(stored_rows(quick, table), stored_rows(slow, table)) << table;
  }
}

TEST_F(NewCardsOfHosts, AreOneChangeThatIsTakenBack) {
  const auto file = made("cluster.db");
  Inventory inventory(file, Inventory::Open::existing);
  sign(inventory, {"root", "", "", "discover host gpu"});
  ASSERT_TRUE(add(inventory, {{&n2, &many}, {&n10, &one}}));
  const auto made_now = changes(inventory, "", "", std::nullopt).back();
  EXPECT_EQ(made_now.author.command, "discover host gpu");
  EXPECT_EQ(made_now.rows.size(), 9U + 18 + 2 + 1 + 2);
  undo_change(inventory, made_now.number);
  EXPECT_EQ(inventory.gpu_cards(n2), std::vector<GpuCard>{});
  EXPECT_EQ(stored_rows(file, "gpu_function"), StoredLines{});
  undo_change(inventory, changes(inventory, "", "", std::nullopt).back().number);
  EXPECT_EQ(inventory.gpu_cards(n2), many);
}

TEST_F(NewCardsOfHosts, AreAllLeftWhereOneIsRefused) {
  const auto file = made("cluster.db");
  const auto history = stored_rows(file, "change_row");
  Inventory inventory(file, Inventory::Open::existing);
  const HostName unknown("n3");
  auto same_slot = many;
  same_slot[1].pci = same_slot[0].pci;
  auto same_name = many;
  same_name[8].name = same_name[0].name;
  auto same_function = many;
  same_function[8].functions = same_function[0].functions;
  const std::array<NewCards, 5> wrong{{{&vm, &one},
                                       {&unknown, &one},
                                       {&n10, &same_slot},
                                       {&n10, &same_name},
                                       {&n10, &same_function}}};
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_FALSE(add(inventory, {{&n2, &many}, wrong.at(i)})) << i;
    EXPECT_FALSE(inventory.add_gpu_cards({{&n2, &many}, wrong.at(i)})) << i;
    expect_nothing_of(file, history);
  }
  EXPECT_TRUE(add(inventory, {{&n2, &many}}));
  EXPECT_FALSE(add(inventory, {{&n10, &one}, {&n2, &many}})) << "it has cards";
  EXPECT_EQ(inventory.gpu_cards(n10), std::vector<GpuCard>{});
}

TEST_F(NewCardsOfHosts, LeaveTheTriggersToWhoWritesNext) {
  const auto file = made("cluster.db");
  Inventory inventory(file, Inventory::Open::existing);
  const auto rows = [&] { return stored_rows(file, "change_row").size(); };
  for (const auto* host : {&vm, &n2}) {  // the one is refused
    inventory.together("discover host gpu", [&] {
      EXPECT_EQ(inventory.add_gpu_cards({{host, &one}}), host == &n2);
      inventory.add_gpu({n1,
                         GpuName(host == &n2 ? "gpupci1" : "gpupci2"),
                         {0, static_cast<std::uint8_t>(host == &n2 ? 1 : 2), 0, 0}});
      EXPECT_THROW(inventory.add_gpu({vm, GpuName("gpupci1"), {0, 1, 0, 0}}), Error);
    });
  }
  EXPECT_EQ(stored_rows(file, "free_card_stale"), (StoredLines{"'n1'", "'n2'"}));
  EXPECT_EQ(answers_of(file,
                       "SELECT host || ' ' || count(*) FROM change_row WHERE place = 'gpu' "
                       "GROUP BY host ORDER BY host"),
            (StoredLines{"n1 2", "n2 1"}));
  const auto before = rows();
  inventory.set_gpu_wish(n2, {GpuName("gpupci1")}, GpuWish::host);
  EXPECT_EQ(rows(), before + 1);
}

// What another trigger would do is to be done in db/gpu_store.cc, too.
TEST_F(NewCardsOfHosts, AreAddedPastTheseTriggers) {
  const auto file = made("cluster.db");
  const auto names = answers_of(file,
                                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND "
                                "tbl_name IN ('gpu', 'gpu_function', 'gpu_slice') AND "
                                "upper(sql) LIKE '% INSERT ON %' ORDER BY name");
  EXPECT_EQ(names, (StoredLines{"change_INSERT_gpu", "change_INSERT_gpu_function",
                                "change_INSERT_gpu_slice", "free_card_insert_gpu",
                                "free_card_insert_gpu_function", "free_card_insert_gpu_slice",
                                "gpu_is_not_of_a_vm"}));
}

}  // namespace
}  // namespace cluster
