#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// Rows of cells in two pieces of memory: a list of 120,000 cards takes 8 MB, not 60.
class TextRows {
 public:
  enum class Kind : std::uint8_t { unknown, text, number, list };

  /// One cell. `text` is a view into the rows; it is "" when the value is not known, and an array
  /// of JSON, "[1, 2]", when it is a list.
  struct Cell {
    Kind kind = Kind::unknown;
    std::string_view text;
  };

  explicit TextRows(std::size_t columns) : columns_(columns) {}

  // --- the cells of a row, one after the other. All throw std::length_error above 1 GiB of text.

  void add(std::string_view text) { add(text, Kind::text); }
  void add(std::int64_t number) { add(std::to_string(number), Kind::number); }
  void add_list(std::string_view json) { add(json, Kind::list); }
  void add_unknown() { add("", Kind::unknown); }
  void add(const Cell& cell) { add(cell.text, cell.kind); }

  std::size_t columns() const { return columns_; }
  std::size_t size() const;  ///< whole rows
  Cell at(std::size_t row, std::size_t column) const;
  std::string_view text() const { return text_; }  ///< that of all cells, as they were added

  /// Changes the order: row i becomes the row that is `order[i]` now. `order` may leave out rows.
  void reorder(const std::vector<std::uint32_t>& order);

 private:
  void add(std::string_view text, Kind kind);

  std::size_t columns_;
  std::string text_;
  std::vector<std::uint32_t> ends_;  // ends of the cells in text_; the upper two bits are the kind
  std::optional<std::vector<std::uint32_t>> order_;
};

}  // namespace cluster
