#include "db/sqlite_constraints.h"

#include <gtest/gtest.h>

#include "db/sqlite_engine.h"

// Tests the words of SQLite's refusals on tables that are unlike those of our schema.
namespace cluster::db {
namespace {

class Names : public ::testing::Test {
 protected:
  Names() {
    connection_->run(R"sql(
        CREATE TABLE box (
          site TEXT NOT NULL, number INTEGER NOT NULL CHECK (number > 0 AND number < 10),
          label TEXT UNIQUE, low INTEGER, high INTEGER, note TEXT CHECK (note <> 'low'),
          CHECK (low <= high), UNIQUE (low, high), PRIMARY KEY (site, number)) STRICT;
        CREATE UNIQUE INDEX box_in_any_case ON box (lower(label));
        CREATE UNIQUE INDEX one_note ON box (note) WHERE low IS NULL;
        CREATE TABLE item (
          site TEXT, number INTEGER, other TEXT REFERENCES box (label),
          FOREIGN KEY (site, number) REFERENCES box (site, number)) STRICT;
        CREATE TRIGGER box_stays BEFORE DELETE ON box BEGIN SELECT raise(ABORT, 'it stays'); END;
        CREATE TRIGGER box_is_new BEFORE INSERT ON box WHEN NEW.label = 'old'
        BEGIN SELECT raise(ABORT, 'it stays'); END;
        INSERT INTO box VALUES ('a', 1, 'x', NULL, NULL, 'n'), ('a', 2, 'y', 1, 2, NULL))sql");
  }

  std::string refusal(const std::string& sql) {
    try {
      connection_->prepare(sql)->execute();
    } catch (const Failure& failure) {
      return failure.constraint;
    }
    return "nothing";
  }

  std::unique_ptr<Connection> connection_ = open_sqlite(":memory:");
};

TEST_F(Names, OfUniqueConstraintsAndIndexes) {
  EXPECT_EQ(refusal("INSERT INTO box (site, number) VALUES ('a', 1)"), "box_pkey");
  EXPECT_EQ(refusal("UPDATE box SET low = 1, high = 2"), "box_low_high_key");
  EXPECT_EQ(refusal("UPDATE box SET label = 'X' WHERE number = 2"), "box_in_any_case");
  EXPECT_EQ(refusal("INSERT INTO box (site, number, note) VALUES ('b', 1, 'n')"), "one_note");
  EXPECT_EQ(refusal("INSERT INTO box (site, number, note) VALUES ('b', 1, 'm')"), "nothing");
}

TEST_F(Names, OfChecksByTheirColumn) {
  EXPECT_EQ(refusal("UPDATE box SET number = 10"), "box_number_check");
  EXPECT_EQ(refusal("INSERT INTO box (site, number) VALUES ('b', 0)"), "box_number_check");
  EXPECT_EQ(refusal("UPDATE box SET low = 3, high = 2"), "box_check") << "it looks at two columns";
  EXPECT_EQ(refusal("UPDATE box SET note = 'low'"), "box_note_check")
      << "a text in quotes is no column";
  EXPECT_EQ(refusal("UPDATE box SET site = NULL"), "box_site_not_null");
}

TEST_F(Names, OfForeignKeysByTheirColumns) {
  EXPECT_EQ(refusal("INSERT INTO item (site, number) VALUES ('a', 9)"), "item_site_number_fkey");
  EXPECT_EQ(refusal("INSERT INTO item (other) VALUES ('z')"), "item_other_fkey");
  EXPECT_EQ(refusal("INSERT INTO item VALUES ('a', 1, 'x')"), "nothing");
  EXPECT_EQ(refusal("UPDATE box SET label = 'z' WHERE number = 1"), "item_other_fkey");
  EXPECT_EQ(refusal("UPDATE box SET site = 'b' WHERE number = 1"), "item_site_number_fkey");
  EXPECT_EQ(broken_key_name(*connection_), "") << "what was refused is not there";
}

TEST_F(Names, OfRulesByTheStatementThatTheyAreFor) {
  EXPECT_EQ(refusal("DELETE FROM box"), "box_stays");
  EXPECT_EQ(refusal("INSERT INTO box (site, number, label) VALUES ('b', 1, 'old')"), "box_is_new");
  EXPECT_EQ(rule_name(*connection_, "other words", "DELETE FROM box"), "");
}

TEST_F(Names, AreEmptyWhereTheWordsSayNothing) {
  EXPECT_EQ(unique_name(*connection_, "something else"), "");
  EXPECT_EQ(unique_name(*connection_, "UNIQUE constraint failed: nowhere.nothing"), "");
}

}  // namespace
}  // namespace cluster::db
