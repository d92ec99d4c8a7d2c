// What the history keeps of a row: no secrets, no long documents, and not that it was seen again.

#include "db/history_values.h"

#include <gtest/gtest.h>

#include "db/sqlite_engine.h"

namespace cluster::db {
namespace {

TEST(HistoryOfAColumn, IsNoneOfWhatWasSeen) {
  for (const auto* name : {"seen", "driver_seen", "failing_seen"})
    EXPECT_TRUE(is_seen(name)) << name;
  for (const auto* name : {"name", "unseen_as", "seen_by", "se", ""})
    EXPECT_FALSE(is_seen(name)) << name;
}

TEST(HistoryOfAColumn, KeepsNoLongDocument) {
  for (const auto& [table, column] :
       {std::pair("vm_definition", "rendered"), std::pair("vm_definition", "defined"),
        std::pair("domain_capability", "facts")}) {
    EXPECT_EQ(kept_value(table, column, "NEW"), "'(not kept)'") << table;
  }
  EXPECT_EQ(kept_value("vm_definition", "vm", "NEW"), "NEW.\"vm\"");
  EXPECT_EQ(kept_value("other", "rendered", "OLD"), "OLD.\"rendered\"");
}

// What the history keeps of the value 'x' of an attribute called `name`.
std::string kept_of_attribute(const std::string& name) {
  const auto db = open_sqlite(":memory:");
  const auto query = db->prepare("SELECT " + kept_value("attribute", "value", "NEW") +
                                 " FROM (SELECT :name AS name, 'x' AS value) AS NEW");
  query->bind(":name", std::string_view(name));
  EXPECT_TRUE(query->step());
  return query->string(0);
}

TEST(HistoryOfAnAttribute, KeepsNoSecret) {
  for (const auto* name : {"root_password", "PASSWORD", "bmc_pass", "api_token", "snmp_community",
                           "my_secret", "x_passwort", "ansible_become_pass", "Api_Key"}) {
    EXPECT_EQ(kept_of_attribute(name), "(not kept)") << name;
  }
}

TEST(HistoryOfAnAttribute, KeepsWhatOnlySoundsLikeOne) {
  for (const auto* name : {"my_passthrough", "compass", "keyboard", "vm_machine", "monkey"}) {
    EXPECT_EQ(kept_of_attribute(name), "x") << name;
  }
}

TableShape shape_of(const std::string& name, const std::vector<std::string>& columns) {
  TableShape shape;
  shape.name = name;
  for (const auto& column : columns) {
    ColumnShape one;
    one.name = column;
    shape.columns.push_back(one);
  }
  return shape;
}

TEST(HistoryOfARow, IsOfTheHostThatTheRowNames) {
  EXPECT_EQ(owner_value(shape_of("gpu", {"name", "host"}), "NEW"), "NEW.\"host\"");
  EXPECT_EQ(owner_value(shape_of("vm_disk", {"target", "vm"}), "OLD"), "OLD.\"vm\"");
  EXPECT_EQ(owner_value(shape_of("host", {"name", "rack"}), "NEW"), "NEW.\"name\"");
}

TEST(HistoryOfARow, IsOfNoHostWhereANameIsNone) {
  for (const auto* table : {"roll", "appliance", "network"}) {
    EXPECT_EQ(owner_value(shape_of(table, {"name", "host"}), "NEW"), "NULL") << table;
  }
  EXPECT_EQ(owner_value(shape_of("setting", {"value"}), "NEW"), "NULL");
}

// NULL is a value like others here, so that one that comes or goes is a change.
TEST(HistoryOfARow, ComparesAllButWhatWasSeen) {
  EXPECT_EQ(row_differs(shape_of("gpu", {"name", "seen", "pci", "driver_seen"})),
            R"(OLD."name" IS DISTINCT FROM NEW."name" OR OLD."pci" IS DISTINCT FROM NEW."pci")");
  EXPECT_EQ(row_differs(shape_of("gpu", {"seen"})), "");
}

}  // namespace
}  // namespace cluster::db
