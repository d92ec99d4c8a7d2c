#include <gtest/gtest.h>

#include "core/file.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/guard.h"

namespace cluster::agent {
namespace {

// The lines of a table of docs/gpupci.md, by its header.
std::string table(const std::string& header) {
  const auto page = read_file(std::string(DOCS) + "/gpupci.md").value_or("");
  const auto start = page.find(header);
  if (start == std::string::npos) return "no such table";
  const auto rows = page.find('\n', page.find('\n', start) + 1) + 1;  // behind the line of dashes
  return page.substr(rows, page.find("\n\n", rows) + 1 - rows);
}

TEST(Docs, HaveTheTableOfGuards) {
  EXPECT_EQ(table("| guard | refuses when |"), guards_markdown());
}

TEST(Docs, HaveTheTableOfChecks) {
  EXPECT_EQ(table("| id | what is looked at | guard |"), checks_markdown());
}

}  // namespace
}  // namespace cluster::agent
