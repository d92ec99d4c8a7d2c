#include "cmd/line/output.h"

#include <gtest/gtest.h>

#include <sstream>

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

TEST(Output, TableHasRocksColonAndNoTrailingBlanks) {
  EXPECT_EQ(printed(Format::table),
            "HOST               GPU      CPUS\n"
            "vm-container-0-15: gpupci1  8\n"
            "n1:                a \"b\", c -\n");
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

TEST(Output, CsvKeepsACellThatIsEmpty) {
  EXPECT_EQ(printed(Format::csv, {{"host", "gpu", "vm"}, {{Cell{}, Cell{"gpupci1"}, Cell{}}}}),
            "host,gpu,vm\n,gpupci1,\n");
}

TEST(Output, CsvQuotesAsRfc4180) {
  EXPECT_EQ(printed(Format::csv),
            "host,gpu,cpus\nvm-container-0-15,gpupci1,8\nn1,\"a \"\"b\"\", c\",\n");
}

TEST(Output, KnowsItsFormats) {
  EXPECT_EQ(parse_format("json"), Format::json);
  EXPECT_THROW(parse_format("xml"), Error);
}

}  // namespace
}  // namespace cluster::cmd
