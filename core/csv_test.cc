#include "core/csv.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/text.h"

namespace cluster {
namespace {

// The records of a file as RFC 4180 has them; its rules have the numbers that they have there.
std::vector<std::vector<std::string>> records_of(const std::string& file) {
  std::vector<std::vector<std::string>> records{{""}};
  bool is_quoted = false;
  for (std::size_t i = 0; i < file.size(); ++i) {
    auto& field = records.back().back();
    if (is_quoted && file[i] == '"' && i + 1 < file.size() && file[i + 1] == '"') {
      field += file[++i];  // 7
    } else if (file[i] == '"') {
      EXPECT_TRUE(is_quoted || field.empty()) << "5: a quote in a field without quotes";
      is_quoted = !is_quoted;
    } else if (!is_quoted && file[i] == ',') {
      records.back().emplace_back();  // 4
    } else if (!is_quoted && file[i] == '\n') {
      records.push_back({""});  // 1
    } else {
      EXPECT_TRUE(is_quoted || file[i] != '\r') << "6: a line end in a field without quotes";
      field += file[i];
    }
  }
  EXPECT_FALSE(is_quoted);
  return records;
}

TEST(Csv, FieldsReadBack) {
  std::mt19937 random(81);
  const std::string letters = "ab \",\r\n;'\t";
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::vector<std::string>> records;
    std::string file;
    for (auto lines = 1 + random() % 3; lines > 0; --lines) {
      std::vector<std::string> printed;
      records.emplace_back();
      for (auto fields = 1 + random() % 3; fields > 0; --fields) {
        std::string text;
        for (auto size = random() % 5; size > 0; --size) text += letters[random() % letters.size()];
        records.back().push_back(text);
        printed.push_back(csv_field(text));
      }
      file += (records.size() == 1 ? "" : "\n") + joined(printed, ",");
    }
    EXPECT_EQ(records_of(file), records) << file;
  }
}

TEST(Csv, WhatNeedsNoQuotesHasNone) {
  for (const auto* plain : {"", "gpupci1", "a b", "a;b", "it's", "-"}) {
    EXPECT_EQ(csv_field(plain), plain);
  }
  EXPECT_EQ(csv_field("say \"a,b\""), "\"say \"\"a,b\"\"\"");
}

}  // namespace
}  // namespace cluster
