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

}  // namespace

std::string identifier(std::string_view name) { return '"' + std::string(name) + '"'; }

RowInsert::RowInsert(std::string table, std::vector<ColumnShape> columns, bool replaces)
    : table_(std::move(table)), columns_(std::move(columns)), replaces_(replaces) {}

std::string RowInsert::sql(std::size_t rows) const {
  std::string names;
  std::string changes;
  for (const auto& column : columns_) {
    const std::string comma = names.empty() ? "" : ", ";
    const auto name = identifier(column.name);
    names += comma + name;
    changes += comma + name + " = excluded." + name;
  }
  auto sql = "INSERT INTO " + identifier(table_) + " (" + names + ") VALUES ";
  for (std::size_t i = 0; i < rows * width(); ++i) {
    if (i % width() == 0) sql += i == 0 ? "(" : "), (";
    sql += (i % width() == 0 ? "" : ", ") + parameters_[i];
  }
  return sql + ")" + (replaces_ ? " ON CONFLICT (name) DO UPDATE SET " + changes : "");
}

void RowInsert::add(Connection& db, std::span<const std::string_view> values) {
  while (parameters_.size() < values.size()) {
    const auto row = std::to_string(parameters_.size() / width());
    for (const auto& column : columns_) parameters_.push_back(":" + column.name + "_" + row);
  }
  auto& statement = statements_[values.size() / width()];
  if (!statement) statement = db.prepare(sql(values.size() / width()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& column = columns_[i % width()];
    if (column.is_number) {
      statement->bind(parameters_[i].c_str(), number_of(column.name, values[i]));
    } else {
      statement->bind(parameters_[i].c_str(), values[i]);
    }
  }
  statement->execute();
}

}  // namespace cluster::db
