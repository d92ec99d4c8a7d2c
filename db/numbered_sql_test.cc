#include "db/numbered_sql.h"

#include <gtest/gtest.h>

namespace cluster::db {
namespace {

std::string with_names(std::string_view sql) {
  auto made = numbered(sql);
  for (const auto& name : made.names) made.sql += " " + name;
  return made.sql;
}

TEST(NumberedSql, GivesEachNameItsNumber) {
  EXPECT_EQ(with_names("SELECT :a, :b1_c, :a"), "SELECT $1, $2, $1 :a :b1_c");
  EXPECT_EQ(with_names(":n"), "$1 :n");
  EXPECT_EQ(with_names("a IN (:h0, :h1)"), "a IN ($1, $2) :h0 :h1");
}

TEST(NumberedSql, NumbersAsSqliteCounts) {
  EXPECT_EQ(numbered("SELECT :a, :b, :a, :c, :b", Spelling::sqlite).sql, "SELECT ?, ?, ?1, ?, ?2");
}

TEST(NumberedSql, LeavesWhatIsNoParameter) {
  for (const auto* sql : {"", "SELECT ':a'", "SELECT 'it''s :a'", "SELECT \":a\"", "x::regclass",
                          "-- :a\n", "SELECT 1 -- :a", "a : b", "a:1", "'open :a", "\"open :a"}) {
    EXPECT_EQ(with_names(sql), sql);
  }
}

TEST(NumberedSql, GoesOnAfterWhatIsQuoted) {
  EXPECT_EQ(with_names("SELECT 'x', :a"), "SELECT 'x', $1 :a");
  EXPECT_EQ(with_names("-- it's\n:a"), "-- it's\n$1 :a");
  EXPECT_EQ(with_names("'a''b' || :a || \"c\""), "'a''b' || $1 || \"c\" :a");
}

}  // namespace
}  // namespace cluster::db
