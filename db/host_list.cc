#include <array>
#include <numeric>
#include <span>

#include "core/natural_key.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {
namespace {

struct Column {
  const char* sql;
  bool is_number = false;
};

constexpr std::array kColumns{
    Column{"name"},
    Column{"appliance"},
    Column{"rack", true},
    Column{"rank", true},
    Column{"cpus", true},
    Column{"address"},
    Column{"port", true},
    Column{R"("user")"},
    Column{"CASE sudo WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END"},
    Column{"CASE maintenance WHEN '' THEN 'yes' ELSE maintenance END"},
    Column{"network"},
    Column{"mac"},
    Column{"jump"},
    Column{"failing"},
    Column{"(SELECT max(present_seen) FROM gpu WHERE gpu.host = host.name)"},
    Column{"failing_seen"},
};
constexpr std::size_t kFew = 10;  // up to maintenance

std::string query_of(std::span<const Column> columns) {
  std::string sql = "SELECT ";
  for (const auto& column : columns) {
    if (&column != columns.data()) sql += ", ";
    sql += column.sql;
  }
  return sql + " FROM host WHERE ";
}

}  // namespace

TextRows Inventory::host_rows(const OnlyHosts& only, bool detail) {
  const db::OnlyThese these(only);
  const auto columns = std::span(kColumns).first(detail ? kColumns.size() : kFew);
  TextRows rows(columns.size());
  read("list host", [&] {
    const auto query = db_->prepare(query_of(columns) + these.in("name"));
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      for (int i = 0; const auto& column : columns) {
        if (query->is_null(i)) {
          rows.add_unknown();
        } else if (column.is_number) {
          rows.add(static_cast<std::int64_t>(query->number(i)));
        } else {
          rows.add(query->text(i));
        }
        ++i;
      }
    }
  });
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  sort_naturally(order, [&](std::uint32_t row) { return rows.at(row, 0).text; });
  rows.reorder(order);
  return rows;
}

}  // namespace cluster
