#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/text_rows.h"

namespace cluster::cmd {

enum class Format { table, json, csv };

/// A cell; nothing means that it is not known.
using Cell = std::variant<std::monostate, std::string, std::int64_t>;

/// What a list command answers. Column names are the JSON keys, upper-cased the table's header. The
/// first column is the owner of the row and gets Rocks' colon.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`

  /// A row by the names of its columns, in any order. A column that is not named is not known.
  /// Throws std::logic_error on a name that is no column.
  void add(std::initializer_list<std::pair<std::string_view, Cell>> cells);

  /// Fills cells of the row that was added last, in the same way.
  void set_last(std::initializer_list<std::pair<std::string_view, Cell>> cells);
};

/// Absent values become an empty cell.
template <typename Value>
Cell cell(const std::optional<Value>& value) {
  if (!value) return {};
  return *value;
}

/// The one place that prints. Standard output carries answers only; notes go to standard error.
class Output {
 public:
  /// `width`: the characters that a line of help may have.
  Output(std::ostream& out, std::ostream& err, std::size_t width = 80)
      : out_(out), err_(err), width_(width) {}

  void set_format(Format format) { format_ = format; }

  void table(const Table& table);

  /// The same of rows that are many; of their cells as many as there are `columns`.
  void table(const std::vector<std::string>& columns, const TextRows& rows);

  /// The same, but nothing at all where a person would read a header alone.
  void table_unless_empty(const Table& table) {
    if (!table.rows.empty() || format_ != Format::table) this->table(table);
  }

  /// Text as it is, already whole lines.
  void text(std::string_view text) { out_ << text; }

  /// One line.
  void line(std::string_view text) { out_ << text << '\n'; }

  /// One line for the operator, "cluster: TEXT".
  void note(std::string_view text);

  std::size_t width() const { return width_; }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }

 private:
  std::ostream& out_;
  std::ostream& err_;
  std::size_t width_;
  Format format_ = Format::table;
};

/// "table", "json" or "csv"; throws Error(usage) on another word.
Format parse_format(std::string_view text);

}  // namespace cluster::cmd
