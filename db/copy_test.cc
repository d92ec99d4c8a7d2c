#include <gtest/gtest.h>

#include "core/error.h"
#include "db/history.h"
#include "db/rows.h"
#include "db/sqlite_engine.h"
#include "tests/support/full_inventory.h"
#include "tests/support/temp_dir.h"

// An inventory that is copied row by row is the same one, and so is its history.
namespace cluster {
namespace {

class Copy : public ::testing::Test {
 protected:
  Copy() {
    sign(from, {"root", "jo", "192.0.2.7", "add host n0"});
    from.add_host({HostName("n0"), "compute", {}, {}, {}, {}, {}, {}});
    from.remove_hosts({HostName("n0")});
    db::open_sqlite(folder.path() / "from.db")->run(std::string(kFullInventory));
  }

  // All rows of a table, each column as SQL spells it.
  static std::vector<std::string> rows(const std::filesystem::path& file,
                                       const std::string& query) {
    const auto db = db::open_sqlite(file);
    std::vector<std::string> rows;
    const auto statement = db->prepare(query);
    while (statement->step()) rows.push_back(statement->string(0));
    return rows;
  }

  static std::vector<std::string> history(const std::filesystem::path& file) {
    auto all = rows(file,
                    "SELECT quote(id) || quote(at) || quote(login) || quote(sudo_user) || "
                    "quote(origin) || quote(command) FROM change ORDER BY id");
    for (auto& row : rows(file,
                          "SELECT quote(number) || quote(change) || quote(place) || quote(host) || "
                          "quote(before) || quote(after) FROM change_row ORDER BY number")) {
      all.push_back(std::move(row));
    }
    return all;
  }

  static std::vector<std::string> all(Inventory& inventory) {
    std::vector<std::string> all;
    InventoryRows(inventory).each([&](std::string_view table, const InventoryRows::Values& values) {
      std::string row(table);
      for (const auto& [column, value] : values) (((row += ' ') += column) += '=') += value;
      all.push_back(std::move(row));
    });
    return all;
  }

  std::filesystem::path file(const char* name) const { return folder.path() / name; }

  TempDir folder;
  Inventory from{folder.path() / "from.db", Inventory::Open::create};
};

TEST_F(Copy, HasAllRowsAndTheHistoryAndNothingOfItself) {
  Inventory to(file("to.db"), Inventory::Open::create);
  InventoryRows target(to);
  const auto copied = InventoryRows(from).copy_to(target);
  EXPECT_EQ(all(to), all(from));
  const auto before = history(file("from.db"));
  EXPECT_GT(before.size(), 20U);
  EXPECT_EQ(history(file("to.db")), before);
  int told = 0;
  for (const auto& table : copied) told += table.rows;
  EXPECT_EQ(static_cast<std::size_t>(told), all(from).size() + before.size());
}

TEST_F(Copy, TheHistoryGoesOnAfterIt) {
  Inventory to(file("to.db"), Inventory::Open::create);
  InventoryRows target(to);
  InventoryRows(from).copy_to(target);
  const auto old = changes(to, "", "", {});
  sign(to, {"mo", "", "", "add host late"});
  to.add_host({HostName("late"), "compute", {}, {}, {}, {}, {}, {}});
  const auto all = changes(to, "", "", {});
  ASSERT_EQ(all.size(), old.size() + 1);
  EXPECT_GT(all.back().number, old.back().number);
  EXPECT_EQ(all.back().author.login, "mo");
  undo_change(to, all.back().number);
  EXPECT_FALSE(to.find_host(HostName("late")));
}

TEST_F(Copy, GoesIntoANewInventoryAlone) {
  Inventory to(file("to.db"), Inventory::Open::create);
  to.add_host({HostName("mine"), "compute", {}, {}, {}, {}, {}, {}});
  const auto refusal = [&](const std::string& what) {
    InventoryRows target(to);
    const auto before = history(file("to.db"));
    try {
      InventoryRows(from).copy_to(target);
      ADD_FAILURE() << "copied";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused);
      EXPECT_EQ(error.what(), "inventory '" + file("to.db").native() + "' is not empty (" + what +
                                  "): want a new one");
    }
    EXPECT_EQ(history(file("to.db")), before);
  };
  refusal("1 in table host");
  to.remove_hosts({HostName("mine")});
  refusal("2 in table change");
}

TEST_F(Copy, ARowThatTheRulesRefuseLeavesTheTargetEmpty) {
  db::open_sqlite(file("from.db"))
      ->run("PRAGMA ignore_check_constraints = ON; UPDATE host SET rack = -1 WHERE name = 'v1'");
  Inventory to(file("to.db"), Inventory::Open::create);
  InventoryRows target(to);
  EXPECT_THROW(InventoryRows(from).copy_to(target), Error);
  target.require_empty();
  to.add_host({HostName("n1"), "compute", {}, {}, {}, {}, {}, {}});
  EXPECT_EQ(changes(to, "", "", {}).size(), 1U) << "the history is on again";
}

}  // namespace
}  // namespace cluster
