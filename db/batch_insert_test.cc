#include "db/batch_insert.h"

#include <gtest/gtest.h>

#include "db/sqlite_engine.h"

namespace cluster::db {
namespace {

TEST(BatchInsert, AddsEachRowOnceWhateverTheirNumber) {
  const auto db = open_sqlite(":memory:");
  db->run("CREATE TABLE box (number INTEGER PRIMARY KEY, label TEXT)");
  const BatchInsert insert("box", {"number", "label"});
  for (std::size_t rows = 0; rows <= 130; ++rows) {
    insert.add(*db, rows, [](RowBinder& bind, std::size_t i) {
      bind(static_cast<int>(i));
      bind(i % 2 == 0 ? std::optional(std::to_string(i)) : std::nullopt);
    });
    const auto query = db->prepare("SELECT number, label FROM box ORDER BY number");
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_TRUE(query->step()) << i << " of " << rows;
      EXPECT_EQ(query->number(0), static_cast<int>(i));
      EXPECT_EQ(query->is_null(1), i % 2 == 1);
      EXPECT_EQ(query->text(1), i % 2 == 0 ? std::to_string(i) : "");
    }
    EXPECT_FALSE(query->step());
    query->reset();
    db->run("DELETE FROM box");
  }
}

}  // namespace
}  // namespace cluster::db
