// Rows of one table, many with one statement.

#include "db/row_insert.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "db/sqlite_engine.h"

namespace cluster::db {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(InsertSql, HasAParameterForEachCell) {
  InsertSql sql("box", {"id", "label"});
  EXPECT_EQ(sql.width(), 2U);
  EXPECT_EQ(sql.text(1), R"(INSERT INTO "box" ("id", "label") VALUES (:id_0, :label_0))");
  EXPECT_EQ(sql.text(2),
            R"(INSERT INTO "box" ("id", "label") VALUES (:id_0, :label_0), (:id_1, :label_1))");
}

// Whoever binds the second text after the first finds its parameters there.
TEST(InsertSql, KeepsTheParametersOfTheLongestText) {
  InsertSql sql("box", {"id"});
  sql.text(3);
  sql.text(1);
  EXPECT_THAT(sql.parameters(), ElementsAre(":id_0", ":id_1", ":id_2"));
}

TEST(InsertSql, EndsAsItIsTold) {
  EXPECT_EQ(InsertSql("box", {"id"}, " ON CONFLICT DO NOTHING").text(1),
            R"(INSERT INTO "box" ("id") VALUES (:id_0) ON CONFLICT DO NOTHING)");
}

TEST(Identifier, StandsInQuotes) {
  EXPECT_EQ(identifier("order"), "\"order\"");
  EXPECT_EQ(identifier(""), "\"\"");
}

class RowsOfABox : public ::testing::Test {
 protected:
  RowsOfABox() { db_->run("CREATE TABLE box (name TEXT PRIMARY KEY, size INTEGER) STRICT"); }

  std::vector<std::string> rows() {
    std::vector<std::string> rows;
    const auto query = db_->prepare("SELECT name, size FROM box ORDER BY name");
    while (query->step()) rows.push_back(query->string(0) + " " + std::to_string(query->number(1)));
    return rows;
  }

  static std::vector<ColumnShape> columns() {
    std::vector<ColumnShape> columns(2);
    columns[0].name = "name";
    columns[1].name = "size";
    columns[1].is_number = true;
    return columns;
  }

  std::string refusal(std::string_view size) {
    RowInsert insert("box", columns(), false);
    try {
      insert.add(*db_, std::vector<std::string_view>{"a", size});
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return error.what();
    }
    return "";
  }

  std::unique_ptr<Connection> db_ = open_sqlite(":memory:");
};

TEST_F(RowsOfABox, AreAddedInTheOrderOfTheirColumns) {
  RowInsert insert("box", columns(), false);
  EXPECT_EQ(insert.table(), "box");
  insert.add(*db_, std::vector<std::string_view>{"a", "1", "b", "2", "c", "3"});
  insert.add(*db_, std::vector<std::string_view>{"d", "4"});
  insert.add(*db_, std::vector<std::string_view>{"e", "5", "f", "6", "g", "7"});
  EXPECT_THAT(rows(), ElementsAre("a 1", "b 2", "c 3", "d 4", "e 5", "f 6", "g 7"));
}

TEST_F(RowsOfABox, MayHaveAnyText) {
  RowInsert insert("box", columns(), false);
  insert.add(*db_, std::vector<std::string_view>{"it's; DROP TABLE box --", "0", "", "2147483647"});
  EXPECT_THAT(rows(), ElementsAre(" 2147483647", "it's; DROP TABLE box -- 0"));
}

TEST_F(RowsOfABox, HaveNumbersThatAreNumbers) {
  for (const auto* text :
       {"", "x", "-1", "1.5", "01", "2147483648", "99999999999999999999", "0x1"}) {
    EXPECT_THAT(refusal(text), StartsWith("size: not a number: ")) << text;
  }
  EXPECT_TRUE(rows().empty());
}

TEST_F(RowsOfABox, ThatAreThereAreRefusedOrReplaced) {
  RowInsert once("box", columns(), false);
  once.add(*db_, std::vector<std::string_view>{"a", "1", "b", "1"});
  EXPECT_THROW(once.add(*db_, std::vector<std::string_view>{"c", "1", "a", "2"}), Failure);
  EXPECT_THAT(rows(), ElementsAre("a 1", "b 1")) << "all rows of a statement, or none";
  RowInsert replacing("box", columns(), true);
  replacing.add(*db_, std::vector<std::string_view>{"a", "2", "c", "3"});
  EXPECT_THAT(rows(), ElementsAre("a 2", "b 1", "c 3"));
}

}  // namespace
}  // namespace cluster::db
