#include "db/row_insert.h"

#include <cstdint>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace cluster::db {
namespace {

int number_of(std::string_view column, std::string_view value) {
  const auto number = parse_number(value);
  if (number && *number <= INT32_MAX) return static_cast<int>(*number);
  throw Error(Fault::usage, std::string(column) + ": not a number: " + quote(value));
}

std::vector<std::string> names_of(const std::vector<ColumnShape>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

std::string replacement(const std::vector<ColumnShape>& columns) {
  std::string changes;
  for (const auto& column : columns) {
    const auto name = identifier(column.name);
    changes += (changes.empty() ? "" : ", ") + name + " = excluded." + name;
  }
  return " ON CONFLICT (name) DO UPDATE SET " + changes;
}

}  // namespace

RowInsert::RowInsert(std::string table, std::vector<ColumnShape> columns, bool replaces)
    : table_(std::move(table)),
      columns_(std::move(columns)),
      sql_(table_, names_of(columns_), replaces ? replacement(columns_) : "") {}

void RowInsert::add(Connection& db, std::span<const std::string_view> values) {
  auto& statement = statements_[values.size() / width()];
  if (!statement) statement = db.prepare(sql_.text(values.size() / width()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& column = columns_[i % width()];
    const auto* parameter = sql_.parameters()[i].c_str();
    if (column.is_number) {
      statement->bind(parameter, number_of(column.name, values[i]));
    } else {
      statement->bind(parameter, values[i]);
    }
  }
  statement->execute();
}

}  // namespace cluster::db
