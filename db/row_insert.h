#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/engine.h"
#include "db/insert_sql.h"

namespace cluster::db {

/// Adds rows of one table with one choice of columns.
class RowInsert {
 public:
  /// Where `replaces`, a row whose `name` is there already gets the new values.
  RowInsert(std::string table, std::vector<ColumnShape> columns, bool replaces);

  const std::string& table() const { return table_; }
  std::size_t width() const { return sql_.width(); }

  /// Adds as many rows as `values` are, with one statement: those of the first row in the order of
  /// the columns, then those of the next. Throws Failure, and Error(usage) for a text in a column
  /// of numbers.
  void add(Connection& db, std::span<const std::string_view> values);

 private:
  std::string table_;
  std::vector<ColumnShape> columns_;
  InsertSql sql_;
  std::map<std::size_t, std::unique_ptr<Statement>> statements_;  // by their number of rows
};

}  // namespace cluster::db
