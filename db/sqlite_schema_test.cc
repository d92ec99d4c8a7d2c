#include <gtest/gtest.h>

#include "db/sqlite_engine.h"

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

}  // namespace
}  // namespace cluster::db
