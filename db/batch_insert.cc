#include "db/batch_insert.h"

#include <iterator>

namespace cluster::db {
namespace {

// The statement for so many functions of cards is short enough to be kept by the engine.
constexpr std::size_t kMostRows = 16;

}  // namespace

BatchInsert::BatchInsert(std::string_view table, const std::vector<std::string_view>& columns)
    : width_(columns.size()) {
  std::string begin = "INSERT INTO " + std::string(table) + " (";
  for (const auto column : columns) {
    begin += begin.ends_with('(') ? "" : ", ";
    begin += column;
  }
  begin += ") VALUES ";
  std::string rows;
  for (std::size_t row = 0; row < kMostRows; ++row) {
    rows += row == 0 ? "(" : ", (";
    for (std::size_t i = 0; i < width_; ++i) {
      parameters_.push_back(':' + std::string(columns[i]) + '_' + std::to_string(row));
      rows += (i == 0 ? "" : ", ") + parameters_.back();
    }
    rows += ')';
    const auto size = row + 1;
    if ((size & row) == 0) sqls_.emplace(size, begin + rows);  // powers of two: few statements
  }
}

const BatchInsert::Sqls::value_type& BatchInsert::largest(std::size_t rows) const {
  return *std::prev(sqls_.upper_bound(rows));
}

}  // namespace cluster::db
