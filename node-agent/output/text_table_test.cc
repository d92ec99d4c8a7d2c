#include "node-agent/output/text_table.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace cluster::agent {
namespace {

TEST(TextTable, AlignsTheColumns) {
  EXPECT_EQ(
      text_table({{"VGPU", "TYPE", "STATE"}, {"a", "nvidia-558", "present"}, {"bcdefg", "1", ""}}),
      "VGPU    TYPE        STATE\n"
      "a       nvidia-558  present\n"
      "bcdefg  1\n");
}

TEST(TextTable, MakesNothingOfNothing) {
  EXPECT_EQ(text_table({}), "");
  EXPECT_EQ(text_table({{}}), "\n");
  EXPECT_EQ(text_table({{"", ""}}), "\n");
}

TEST(TextTable, TakesRowsOfUnequalLength) {
  EXPECT_EQ(text_table({{"a"}, {"bb", "c"}}), "a\nbb  c\n");
}

// Words without blanks are read back from a table, each from its column.
TEST(TextTable, IsReadBackByItsColumns) {
  unsigned random = 7;
  const auto next = [&](unsigned below) {
    random = random * 1103515245U + 12345U;
    return (random >> 16U) % below;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::vector<std::string>> rows(1 + next(6));
    const auto columns = 1 + next(5);
    for (auto& row : rows) {
      for (unsigned i = 0; i < columns; ++i) row.emplace_back(1 + next(12), 'x');
    }
    std::vector<std::vector<std::string>> read;
    const auto text = text_table(rows);
    for (const auto line : split(trim(text), '\n')) {
      EXPECT_FALSE(line.ends_with(' '));
      auto& row = read.emplace_back();
      for (const auto word : split(line, ' ')) {
        if (!word.empty()) row.emplace_back(word);
      }
    }
    ASSERT_EQ(read, rows);
  }
}

}  // namespace
}  // namespace cluster::agent
