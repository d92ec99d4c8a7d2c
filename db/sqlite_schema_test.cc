#include <gtest/gtest.h>

#include "db/history.h"
#include "db/inventory.h"
#include "db/sqlite_engine.h"
#include "schema/schema.h"
#include "tests/support/temp_dir.h"

namespace cluster::db {
namespace {

// A row that goes looks for those that name it. Without an index, each of a host's thousands of
// cards would have all rows of a table read. (Few rows are in these two tables, and few go.)
TEST(SqliteSchema, FindsWhatNamesARowByAnIndex) {
  const auto sqlite = open_sqlite(":memory:");
  sqlite->migrate();
  const auto keys = sqlite->prepare(R"sql(
      SELECT 'EXPLAIN QUERY PLAN SELECT 1 FROM "' || name || '" WHERE ' ||
             group_concat('"' || "from" || '" = ''x''', ' AND '), "table"
      FROM sqlite_schema JOIN pragma_foreign_key_list(name)
      WHERE type = 'table' AND "table" NOT IN ('appliance', 'network') GROUP BY name, id)sql");
  int count = 0;
  for (; keys->step(); ++count) {
    const auto plan = sqlite->prepare(keys->text(0));
    while (plan->step()) {
      EXPECT_TRUE(plan->text(3).starts_with("SEARCH")) << keys->text(0);
      if (keys->text(1) != "gpu") continue;
      EXPECT_NE(plan->text(3).find("=? AND "), std::string_view::npos) << keys->text(0);
    }
  }
  EXPECT_GT(count, 15);
}

// Version 27 takes an index of the history away.
TEST(SqliteSchema, KeepsTheHistoryOfAnOlderFile) {
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  {
    constexpr std::size_t kBefore = 26;
    const auto sqlite = open_sqlite(file);
    for (const auto migration : migrations().first(kBefore)) sqlite->run(std::string(migration));
    sqlite->run(R"sql(
        PRAGMA application_id = 0x526f6c6c;
        PRAGMA user_version = 26;
        INSERT INTO host (name, appliance) VALUES ('n1', 'compute');
        INSERT INTO change (id, at, login, command)
        VALUES (1, '2099-11-21T01:20:00Z', 'root', 'add host n1');
        INSERT INTO change_row (change, place, host, after)
        VALUES (1, 'host', 'n1', '{"name":"n1","appliance":"compute"}'))sql");
  }
  Inventory inventory(file, Inventory::Open::existing);
  EXPECT_EQ(changed_hosts(inventory), std::vector{HostName("n1")});
  ASSERT_EQ(changes(inventory, "", "", std::nullopt).size(), 1U);
  undo_change(inventory, 1);
  EXPECT_TRUE(inventory.hosts().empty());
  EXPECT_EQ(changes(inventory, "", "", std::nullopt).size(), 2U);
}

}  // namespace
}  // namespace cluster::db
