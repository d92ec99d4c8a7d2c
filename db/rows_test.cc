#include "db/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "db/sqlite_engine.h"
#include "tests/support/full_inventory.h"
#include "tests/support/temp_dir.h"

namespace cluster {
namespace {

// The tables that `cluster dump` leaves out: what was, and what is counted anew.
bool is_apart(const std::string& table) {
  return table.starts_with("change") || table.starts_with("free_card");
}

class Rows : public ::testing::Test {
 protected:
  Rows() {
    const Inventory made(file("full"), Inventory::Open::create);
    db::open_sqlite(file("full"))->run(std::string(kFullInventory));
  }

  std::filesystem::path file(const char* name) const { return folder.path() / name; }

  static std::vector<std::string> answers(db::Connection& db, const std::string& query) {
    std::vector<std::string> answers;
    const auto statement = db.prepare(query);
    while (statement->step()) answers.push_back(statement->string(0));
    return answers;
  }

  static std::vector<std::string> tables(db::Connection& db) {
    auto names = answers(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1");
    std::erase_if(names, is_apart);
    return names;
  }

  // Every row of every table, generated columns too, asked without InventoryRows.
  static std::map<std::string, std::vector<std::string>> all(const std::filesystem::path& file) {
    const auto db = db::open_sqlite(file);
    std::map<std::string, std::vector<std::string>> all;
    for (const auto& table : tables(*db)) {
      std::string row;
      for (const auto& column :
           answers(*db, "SELECT name FROM pragma_table_xinfo('" + table + "')")) {
        row += (row.empty() ? "quote(\"" : " || ' ' || quote(\"") + column + "\")";
      }
      all[table] = answers(*db, "SELECT " + row + " FROM \"" + table + "\" ORDER BY 1");
    }
    return all;
  }

  TempDir folder;
};

TEST_F(Rows, TheExampleHasAValueInEveryColumn) {
  const auto db = db::open_sqlite(file("full"));
  for (const auto& table : tables(*db)) {
    for (const auto& column :
         answers(*db, "SELECT name FROM pragma_table_xinfo('" + table + "')")) {
      EXPECT_EQ(answers(*db, "SELECT count(\"" + column + "\") > 0 FROM \"" + table + "\"")[0], "1")
          << table << "." << column << " has no value in tests/support/full_inventory.h";
    }
  }
}

TEST_F(Rows, AreAllWrittenDownAndReadBack) {
  Inventory full(file("full"), Inventory::Open::existing);
  Inventory made(file("made"), Inventory::Open::create);
  InventoryRows into(made);
  made.together("load", [&] {
    InventoryRows(full).each([&](std::string_view table, const InventoryRows::Values& values) {
      into.add(std::string(table), values);
    });
  });
  EXPECT_EQ(all(file("made")), all(file("full")));
  EXPECT_TRUE(into.faults().empty());
}

TEST_F(Rows, AreRefusedInWordsThatNameTheRow) {
  Inventory inventory(file("full"), Inventory::Open::existing);
  InventoryRows rows(inventory);
  const auto refusal = [&](const std::string& table, const InventoryRows::Values& values) {
    try {
      rows.add(table, values);
      return std::string("added");
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(refusal("hst", {{"name", "n"}}), "no table 'hst' (did you mean 'host'?)");
  EXPECT_EQ(refusal("host", {{"nme", "n"}}),
            "table 'host' has no column 'nme' (did you mean 'name'?)");
  EXPECT_EQ(refusal("host", {{"name", "n1"}, {"appliance", "compute"}}),
            "row of 'host': it is there already (host_name_in_any_case)");
  EXPECT_EQ(refusal("gpu", {{"host", "no"}, {"name", "gpupci1"}, {"pci", "pci_0000_02_00_0"}}),
            "row of 'gpu': what it belongs to is not there (gpu_host_fkey)");
  EXPECT_EQ(refusal("host", {{"name", "n9"}, {"appliance", "compute"}, {"rack", "x"}}),
            "rack: not a number: 'x'");
  EXPECT_EQ(refusal("host", {{"name", "n9"}, {"name", "n9"}}), "column 'name' is there twice");
  EXPECT_EQ(refusal("host", {}), "a row of 'host' without values");
  EXPECT_EQ(refusal("host\" (name) VALUES ('x'); --", {{"name", "n"}}).substr(0, 8), "no table");
}

TEST_F(Rows, ACopyIsMadeWhileOthersWrite) {
  Inventory inventory(file("full"), Inventory::Open::existing);
  Inventory other(file("full"), Inventory::Open::existing);
  other.together("add", [&] {
    other.add_host({HostName("late"), "compute", {}, {}, {}, {}, {}, {}});
    InventoryRows(inventory).save(file("copy"));
  });
  EXPECT_TRUE(Inventory(file("full"), Inventory::Open::existing).find_host(HostName("late")));
  EXPECT_FALSE(Inventory(file("copy"), Inventory::Open::existing).find_host(HostName("late")));
}

TEST_F(Rows, FaultsAreFoundThatTheSchemaWouldHaveRefused) {
  db::open_sqlite(file("full"))
      ->run(
          "PRAGMA foreign_keys = OFF; DELETE FROM host WHERE name = 'v1';"
          "DROP TRIGGER host_with_cards_or_vms_is_no_vm;");
  Inventory inventory(file("full"), Inventory::Open::existing);
  const auto faults = InventoryRows(inventory).faults();
  ASSERT_FALSE(faults.empty());
  EXPECT_NE(faults[0].find("belongs to nothing in host"), std::string::npos) << faults[0];
  db::open_sqlite(file("full"))
      ->run(
          "INSERT INTO host (name, appliance) VALUES ('v1', 'vm');"
          "PRAGMA foreign_keys = OFF; UPDATE host SET appliance = 'vm' WHERE name = 'n1'");
  const auto broken = InventoryRows(inventory).faults();
  EXPECT_NE(std::ranges::find(broken, "v1 runs on a VM"), broken.end());
  EXPECT_NE(std::ranges::find(broken, "n1 gpupci1 is a card of a VM, not of a physical host"),
            broken.end());
}

}  // namespace
}  // namespace cluster
