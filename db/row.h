#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <optional>
#include <string>

// Between SQL's NULL and std::optional; for the files of db/ alone.
namespace cluster::row {

inline std::optional<int> number(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getInt();
}

inline std::optional<std::string> text(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getString();
}

template <typename Value>
void bind(SQLite::Statement& statement, const char* name, const std::optional<Value>& value) {
  if (value) {
    statement.bind(name, *value);
  } else {
    statement.bind(name);
  }
}

}  // namespace cluster::row
