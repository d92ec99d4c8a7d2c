#include "cmd/line/table_view.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::cmd {
namespace {

// The rows as text: "n2 8|n10 -".
std::string viewed(const std::string& columns, const std::string& sort) {
  std::vector<std::string> names{"host", "cpus", "rack"};
  TextRows rows(3);
  for (const auto* host : {"n10", "n2", "n1"}) {
    rows.add(host);
    if (std::string_view(host) == "n10") {
      rows.add_unknown();
    } else {
      rows.add(std::int64_t{host[1] == '2' ? 8 : 16});
    }
    rows.add("r");
  }
  apply(parse_table_view(columns, sort), names, rows);
  std::string text;
  for (const auto& name : names) text += name + " ";
  for (std::size_t row = 0; row < rows.size(); ++row) {
    text += "|";
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto [kind, value] = rows.at(row, i);
      text += (kind == TextRows::Kind::unknown ? "-" : std::string(value)) + " ";
    }
  }
  return text;
}

TEST(TableView, WithoutWordsAllStays) {
  EXPECT_EQ(viewed("", ""), "host cpus rack |n10 - r |n2 8 r |n1 16 r ");
}

TEST(TableView, ColumnsComeInTheOrderThatIsWanted) {
  EXPECT_EQ(viewed("CPUS, host", ""), "cpus host |- n10 |8 n2 |16 n1 ");
}

TEST(TableView, NumbersAreSortedAsNumbers) {
  EXPECT_EQ(viewed("host", "host"), "host |n1 |n2 |n10 ");
  EXPECT_EQ(viewed("host", "cpus"), "host |n10 |n2 |n1 ");
  EXPECT_EQ(viewed("host", "-cpus"), "host |n1 |n2 |n10 ");
}

TEST(TableView, AnEmptyListComesFirst) {
  std::vector<std::string> names{"disk"};
  TextRows rows(1);
  for (const auto* disks : {R"(["b"])", "[]", R"(["a", "c"])"}) rows.add_list(disks);
  apply(parse_table_view("", "disk"), names, rows);
  EXPECT_EQ(rows.at(0, 0).text, "[]");
  EXPECT_EQ(rows.at(1, 0).text, R"(["a", "c"])");
}

TEST(TableView, AnUnknownColumnIsRefusedWithThoseThatThereAre) {
  for (const auto& [columns, sort] : {std::pair("host,cpu", ""), std::pair("host", "-cpu")}) {
    try {
      viewed(columns, sort);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).substr(std::string(error.what()).find('=')),
                "='cpu': no such column (want host, cpus, rack)");
    }
  }
}

TEST(TableView, AColumnIsThereOnce) {
  try {
    viewed("host,cpus,HOST", "");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "columns='HOST' is there twice: want it once");
  }
}

}  // namespace
}  // namespace cluster::cmd
