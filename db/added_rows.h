#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/engine.h"

namespace cluster::db {

/// The history of rows that were added, byte for byte as SQLite's triggers write it
/// (db/sqlite_history.cc). It is not for tables with values that the history does not keep
/// (db/history_values.h).
class AddedRows {
 public:
  /// The rows that follow are of `table`, which is kept by reference. `columns` are all of it that
  /// can be written, in its order, and the first one is whose row it is.
  void begin_table(const std::string& table, const std::vector<std::string>& columns);

  /// The value of the next column. After the last one of a row comes the first of the next row.
  void add(const std::optional<std::string_view>& text);
  void add(const std::optional<int>& number);

  /// Writes all rows to the history of the change that is being made, if one is kept: those of the
  /// first of `owners`, all that there are, then those of the next. Throws Failure.
  void write(Connection& db, const std::vector<std::string_view>& owners) const;

 private:
  struct Row {
    const std::string* table;
    std::string owner;
    std::string json;
  };

  std::string& begin_value();
  void end_value();

  const std::string* table_ = nullptr;
  std::vector<std::string> keys_;  // what precedes each value: {"host": and then ,"name":
  std::vector<Row> rows_;
  std::size_t column_ = 0;
};

}  // namespace cluster::db
