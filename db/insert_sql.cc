#include "db/insert_sql.h"

#include <utility>

namespace cluster::db {

std::string identifier(std::string_view name) { return '"' + std::string(name) + '"'; }

InsertSql::InsertSql(std::string_view table, std::vector<std::string> columns, std::string end)
    : begin_("INSERT INTO " + identifier(table) + " ("),
      columns_(std::move(columns)),
      end_(std::move(end)) {
  for (std::size_t i = 0; i < width(); ++i)
    begin_ += (i == 0 ? "" : ", ") + identifier(columns_[i]);
  begin_ += ") VALUES ";
}

std::string InsertSql::text(std::size_t rows) {
  while (parameters_.size() < rows * width()) {
    const auto row = std::to_string(parameters_.size() / width());
    for (const auto& column : columns_) parameters_.push_back(":" + column + "_" + row);
  }
  auto sql = begin_;
  for (std::size_t i = 0; i < rows * width(); ++i) {
    if (i % width() == 0) sql += i == 0 ? "(" : "), (";
    sql += (i % width() == 0 ? "" : ", ") + parameters_[i];
  }
  return sql + ")" + end_;
}

}  // namespace cluster::db
