#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cmd/line/table_view.h"
#include "core/text_rows.h"

namespace cluster::cmd {

enum class Format { table, json, csv };

/// One of the values of a cell; an empty one means that it is not known.
using Item = std::variant<std::monostate, std::string, std::int64_t>;

/// A cell with several values: an array in JSON, else a text in which `between` is between them.
struct List {
  std::vector<Item> items;
  std::string_view between = " ";

  auto operator<=>(const List&) const = default;
};

/// A cell; an empty one means that the value is not known.
using Cell = std::variant<std::monostate, std::string, std::int64_t, List>;

/// The answer of a list command. Column names are the JSON keys; in upper case they are the table's
/// header. The first column is the owner of the row and gets Rocks' colon.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`
};

/// Absent values become an empty cell.
template <typename Value>
Cell cell(const std::optional<Value>& value) {
  if (!value) return {};
  return *value;
}

/// An empty text becomes an empty cell: what nobody told is not known.
inline Cell known(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

/// A cell with several texts.
inline Cell cell(const std::vector<std::string>& texts, std::string_view between = " ") {
  return List{{texts.begin(), texts.end()}, between};
}

/// Nobody reads standard output any more (EPIPE). The program ends quietly.
struct ClosedPipe {};

/// Which of the two are terminals. What hosts say is escaped there.
struct Terminals {
  bool out = false;
  bool err = false;
};

/// This is the only class that prints. Standard output carries answers only; notes go to standard
/// error.
class Output {
 public:
  /// `width` is the number of characters that a line of help may have, `outlet` the descriptor
  /// behind `out`, -1 when there is none.
  Output(std::ostream& out, std::ostream& err, std::size_t width = 80, Terminals terminals = {},
         int outlet = -1)
      : out_(out), err_(err), width_(width), terminals_(terminals), outlet_(outlet) {}

  /// The name by which the program was called; notes begin with it ["cluster"].
  void set_program(const std::string& name) { program_ = name; }
  void set_format(Format format) { format_ = format; }
  void set_view(const TableView& view) { view_ = view; }

  /// True while the answer is all that the command is for. Then work on hosts ends when nobody
  /// reads that any more (`| head`). What is done there for its own sake goes on [false].
  void set_only_answers(bool only) { only_answers_ = only; }

  /// Prints the answer of a list, as far as the reader wants to see it. Throws Error(usage) when he
  /// wants a column that is not there.
  void table(const Table& table);

  /// Prints the same from rows that may be many. Each row has as many cells as there are `columns`.
  void table(const std::vector<std::string>& columns, const TextRows& rows);

  /// Prints the same. But when a person would read only a header, it prints nothing.
  void table_unless_empty(const Table& table) {
    if (!table.rows.empty() || format_ != Format::table) this->table(table);
  }

  /// Prints text as it is; the text is made of whole lines. On a terminal nothing in it acts.
  void text(std::string_view text);

  /// Prints one line in the same way.
  void line(std::string_view text) {
    this->text(text);
    out_ << '\n';
  }

  /// Prints one line for the operator, "PROGRAM: TEXT". Whatever is in the text, it stays one line.
  void note(std::string_view text);

  /// Prints a question in the same way, and stays on its line: "PROGRAM: TEXT [y/N] ".
  void ask(std::string_view text);

  /// Throws ClosedPipe, or Error(io) with the kernel's reason, when what was printed and flushed
  /// last could not be written.
  void check_outlet();

  const std::string& program() const { return program_; }
  Format format() const { return format_; }
  std::size_t width() const { return width_; }
  Terminals terminals() const { return terminals_; }
  int outlet() const { return outlet_; }
  bool only_answers() const { return only_answers_; }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }

 private:
  void print(const std::vector<std::string>& columns, const TextRows& rows);

  std::ostream& out_;
  std::ostream& err_;
  std::size_t width_;
  Terminals terminals_;
  int outlet_;
  std::string program_ = "cluster";
  Format format_ = Format::table;
  TableView view_;
  bool only_answers_ = false;
};

/// The words of Format, for help and refusals.
inline constexpr std::string_view kFormatWords = "table, json or csv";

/// Reads one of them; throws Error(usage) on another word.
Format parse_format(std::string_view text);

}  // namespace cluster::cmd
