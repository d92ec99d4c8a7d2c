#include "cmd/line/output.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <stdexcept>

#include "core/error.h"

namespace cluster::cmd {
namespace {

const Table kTable{{"host", "gpu", "cpus"},
                   {{Cell{"vm-container-0-15"}, Cell{"gpupci1"}, Cell{std::int64_t{8}}},
                    {Cell{"n1"}, Cell{"a \"b\", c"}, Cell{}}}};

std::string printed(Format format, const Table& table = kTable) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err);
  output.set_format(format);
  output.table(table);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

TEST(Output, NothingOfACellActsOnATerminal) {
  const std::string c1 =
      "a\xc2\x9b"
      "31mb";
  for (const auto& text : {c1, std::string("a\x1b[31mb"), std::string("a\x7f")}) {
    for (const auto format : {Format::table, Format::json, Format::csv}) {
      std::ostringstream out;
      std::ostringstream err;
      Output output(out, err, 80, {true, true});
      output.set_format(format);
      output.table({{"model"}, {{Cell{text}}}});
      for (const auto* piece : {"\xc2\x9b", "\x1b", "\x7f"}) {
        EXPECT_EQ(out.str().find(piece), std::string::npos) << out.str();
      }
      if (format != Format::json) continue;
      EXPECT_EQ(nlohmann::json::parse(out.str())[0]["model"], text);
    }
  }
}

TEST(Output, ACellThatIsNoUtf8IsJsonAllTheSame) {
  for (const auto& cell : {Cell{"a\xff"}, Cell{List{{Item{std::string("a\xff")}}}}}) {
    const auto read =
        nlohmann::json::parse(printed(Format::json, {{"model"}, {{cell}}}))[0]["model"];
    EXPECT_EQ(read.is_array() ? read[0] : read, "a\xef\xbf\xbd");
  }
}

TEST(Output, BytesThatAreNoTextAreNumbersInATable) {
  EXPECT_EQ(printed(Format::table, {{"a"}, {{Cell{"b\xc0"}}, {Cell{"\xc3\xa9"}}}}),
            "A\nb\\xc0:\n\xc3\xa9:\n");
}

TEST(Output, NothingOfATextActsOnATerminal) {
  std::ostringstream out;
  std::ostringstream err;
  Output(out, err, 80, {true, true})
      .text(
          "a\tb\n\n\x1b[2J\xc2\x9b"
          "2J\nc");
  EXPECT_EQ(out.str(), "a\tb\n\n\\x1b[2J\\xc2\\x9b2J\nc");
  out.str("");
  Output(out, err, 80, {true, true}).line("a\n\x1b[2J");
  EXPECT_EQ(out.str(), "a\n\\x1b[2J\n");
  Output(out, err).line("\x1b");
  EXPECT_TRUE(out.str().ends_with("\x1b\n"));
  Output(out, err).text("\x1b");
  EXPECT_TRUE(out.str().ends_with("\x1b"));
}

TEST(Output, TableHasRocksColonAndNoTrailingBlanks) {
  EXPECT_EQ(printed(Format::table),
            "HOST               GPU      CPUS\n"
            "vm-container-0-15: gpupci1  8\n"
            "n1:                a \"b\", c -\n");
}

TEST(Output, ColumnsStandBelowEachOtherInAnyLanguage) {
  EXPECT_EQ(printed(Format::table, {{"attr", "value", "source"},
                                    {{Cell{"a"}, Cell{"Grüße"}, Cell{"G"}},
                                     {Cell{"b"}, Cell{"東京"}, Cell{"H"}},
                                     {Cell{"c"}, Cell{"plain"}, Cell{"A"}}}}),
            "ATTR VALUE SOURCE\n"
            "a:   Grüße G\n"
            "b:   東京  H\n"
            "c:   plain A\n");
}

TEST(Output, AnEmptyTableIsItsHeader) {
  EXPECT_EQ(printed(Format::table, {{"host", "gpu"}, {}}), "HOST GPU\n");
  EXPECT_EQ(printed(Format::json, {{"host"}, {}}), "[]\n");
  EXPECT_EQ(printed(Format::csv, {{"host", "gpu"}, {}}), "host,gpu\n");
}

TEST(Output, ATableRowStaysOneLine) {
  EXPECT_EQ(printed(Format::table, {{"attr", "value"}, {{Cell{"a"}, Cell{"x\ny\x1b[2J"}}}}),
            "ATTR VALUE\na:   x\\x0ay\\x1b[2J\n");
  EXPECT_EQ(printed(Format::csv, {{"value"}, {{Cell{"x\ny"}}}}), "value\n\"x\ny\"\n");
}

TEST(Output, JsonKeepsTypesAndTheUnknown) {
  EXPECT_EQ(
      printed(Format::json),
      "[\n"
      "  {\n    \"host\": \"vm-container-0-15\",\n    \"gpu\": \"gpupci1\",\n    \"cpus\": 8\n  "
      "},\n"
      "  {\n    \"host\": \"n1\",\n    \"gpu\": \"a \\\"b\\\", c\",\n    \"cpus\": null\n  }\n"
      "]\n");
}

TEST(Output, AListIsAnArrayInJsonAndATextElsewhere) {
  const Table table{
      {"vm", "disk", "size", "values"},
      {{Cell{"v1"}, cell({"a b", "c"}), List{{Item{}, std::int64_t{40}}}, cell({"x", "y"}, ", ")},
       {Cell{"v2"}, List{}, List{{Item{}}}, List{}}}};
  EXPECT_EQ(printed(Format::table, table),
            "VM  DISK  SIZE VALUES\nv1: a b c - 40 x, y\nv2: -     -    -\n");
  EXPECT_EQ(printed(Format::csv, table), "vm,disk,size,values\nv1,a b c,- 40,\"x, y\"\nv2,,,\n");
  const auto rows = nlohmann::json::parse(printed(Format::json, table));
  EXPECT_EQ(rows[0], nlohmann::json::parse(R"({"vm": "v1", "disk": ["a b", "c"],
                                               "size": [null, 40], "values": ["x", "y"]})"));
  EXPECT_EQ(rows[1],
            nlohmann::json::parse(R"({"vm": "v2", "disk": [], "size": [null], "values": []})"));
}

TEST(Output, CsvKeepsACellThatIsEmpty) {
  EXPECT_EQ(printed(Format::csv, {{"host", "gpu", "vm"}, {{Cell{}, Cell{"gpupci1"}, Cell{}}}}),
            "host,gpu,vm\n,gpupci1,\n");
}

TEST(Output, CsvQuotesAsRfc4180) {
  EXPECT_EQ(printed(Format::csv),
            "host,gpu,cpus\nvm-container-0-15,gpupci1,8\nn1,\"a \"\"b\"\", c\",\n");
}

// Reads CSV as RFC 4180 describes it: records of fields; a field may be in quotes, with its own
// quotes doubled.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"';
    if (doubled) {
      record.back() += text[++i];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ',') {
      record.emplace_back();
    } else if (!quoted && text[i] == '\n') {
      records.push_back(std::move(record));
      record = {""};
    } else {
      record.back() += text[i];
    }
  }
  EXPECT_FALSE(quoted);
  return records;
}

// The texts are difficult ones: with quotes, commas, line ends, blanks and letters that are not
// ASCII.
Table random_table(std::mt19937& random) {
  constexpr std::array<std::string_view, 10> kPieces{"a",  "\"", ",", "\n",       "\r",
                                                     "\\", " ",  "'", "\xc3\xa4", "-"};
  Table table{{"host", "x", "y"}, {}};
  for (auto rows = random() % 5; rows > 0; --rows) {
    auto& row = table.rows.emplace_back();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      std::string text;
      for (auto size = random() % 6; size > 0; --size) text += kPieces[random() % kPieces.size()];
      row.emplace_back(text);
    }
  }
  return table;
}

TEST(Output, WhatCsvPrintsReadsBackAsItWas) {
  std::mt19937 random(5);  // the same tables in every run
  for (int i = 0; i < 500; ++i) {
    const auto table = random_table(random);
    std::vector<std::vector<std::string>> want{table.columns};
    for (const auto& row : table.rows) {
      auto& record = want.emplace_back();
      for (const auto& cell : row) record.push_back(std::get<std::string>(cell));
    }
    EXPECT_EQ(read_csv(printed(Format::csv, table)), want);
  }
}

TEST(Output, WhatJsonPrintsReadsBackAsItWas) {
  std::mt19937 random(6);  // the same tables in every run
  for (int i = 0; i < 500; ++i) {
    const auto table = random_table(random);
    const auto rows = nlohmann::json::parse(printed(Format::json, table));
    ASSERT_EQ(rows.size(), table.rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      ASSERT_EQ(rows[row].size(), table.columns.size());
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        EXPECT_EQ(rows[row][table.columns[column]].get<std::string>(),
                  std::get<std::string>(table.rows[row][column]));
      }
    }
  }
}

TEST(Output, EveryRowOfATableIsOneLine) {
  std::mt19937 random(7);  // the same tables in every run
  for (int i = 0; i < 200; ++i) {
    const auto table = random_table(random);
    const auto text = printed(Format::table, table);
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), table.rows.size() + 1);
  }
}

TEST(Output, ATableUnlessEmptyPrintsNoHeaderForAPerson) {
  const Table empty{{"host"}, {}};
  const auto print = [&](Format format) {
    std::ostringstream out;
    Output output(out, out);
    output.set_format(format);
    output.table_unless_empty(empty);
    return out.str();
  };
  EXPECT_EQ(print(Format::table), "");
  EXPECT_EQ(print(Format::json), "[]\n");
  EXPECT_EQ(print(Format::csv), "host\n");
}

TEST(Output, AnswersAndNotesGoWhereTheyBelong) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err);
  output.line("an answer");
  output.text("as it is");
  output.note("host 'n1' is not there");
  EXPECT_EQ(out.str(), "an answer\nas it is");
  EXPECT_EQ(err.str(), "cluster: host 'n1' is not there\n");
}

TEST(Output, KnowsItsFormats) {
  EXPECT_EQ(parse_format("table"), Format::table);
  EXPECT_EQ(parse_format("json"), Format::json);
  EXPECT_EQ(parse_format("csv"), Format::csv);
  for (const auto* wrong : {"xml", "", "JSON", "json "}) EXPECT_THROW(parse_format(wrong), Error);
}

}  // namespace
}  // namespace cluster::cmd
