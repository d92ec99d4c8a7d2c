#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/engine.h"

namespace cluster::db {

/// Adds rows of one table with one choice of columns.
class RowInsert {
 public:
  /// Where `replaces`, a row whose `name` is there already gets the new values.
  RowInsert(std::string table, std::vector<ColumnShape> columns, bool replaces);

  const std::string& table() const { return table_; }
  std::size_t width() const { return columns_.size(); }

  /// Adds as many rows as `values` are, with one statement: those of the first row in the order of
  /// the columns, then those of the next. Throws Failure, and Error(usage) for a text in a column
  /// of numbers.
  void add(Connection& db, std::span<const std::string_view> values);

 private:
  std::string sql(std::size_t rows) const;

  std::string table_;
  std::vector<ColumnShape> columns_;
  bool replaces_;
  std::vector<std::string> parameters_;  // ":name_0", of the first row, and so on
  std::map<std::size_t, std::unique_ptr<Statement>> statements_;  // by their number of rows
};

/// A name as SQL has it, in quotes.
std::string identifier(std::string_view name);

}  // namespace cluster::db
