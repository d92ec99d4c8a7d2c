#include "cmd/line/output.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "cmd/line/terminal.h"
#include "cmd/line/text_width.h"
#include "core/csv.h"
#include "core/error.h"
#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

using Columns = std::vector<std::string>;

std::string json_text(std::string_view text) {
  // A host may have said what is no UTF-8, which is no JSON.
  const auto replace = nlohmann::json::error_handler_t::replace;
  return json_for_terminal(nlohmann::json(text).dump(-1, ' ', false, replace));
}

std::string json_of(const Item& item) {
  if (const auto* text = std::get_if<std::string>(&item)) return json_text(*text);
  const auto* number = std::get_if<std::int64_t>(&item);
  return number != nullptr ? std::to_string(*number) : "null";
}

// "[\"a\", null]", in one line.
std::string json_of(const List& list) {
  std::vector<std::string> items;
  for (const auto& item : list.items) items.push_back(json_of(item));
  return "[" + joined(items, ", ") + "]";
}

std::string text_of(const Item& item) {
  if (const auto* text = std::get_if<std::string>(&item)) return *text;
  const auto* number = std::get_if<std::int64_t>(&item);
  return number != nullptr ? std::to_string(*number) : "-";
}

// "a -", with a dash for what is not known; "" when nothing is.
std::string text_of(const List& list) {
  std::vector<std::string> items;
  bool is_known = false;
  for (const auto& item : list.items) {
    items.push_back(text_of(item));
    is_known = is_known || item.index() > 0;
  }
  return is_known ? joined(items, list.between) : "";
}

TextRows text_rows(const Table& table, Format format) {
  TextRows rows(table.columns.size());
  for (const auto& row : table.rows) {
    for (const auto& cell : row) {
      if (const auto* text = std::get_if<std::string>(&cell)) {
        rows.add(*text);
      } else if (const auto* number = std::get_if<std::int64_t>(&cell)) {
        rows.add(*number);
      } else if (const auto* list = std::get_if<List>(&cell); list == nullptr) {
        rows.add_unknown();
      } else if (format == Format::json) {
        rows.add_list(json_of(*list));
      } else {
        rows.add(text_of(*list));
      }
    }
  }
  return rows;
}

// Collects text for output, so that it is written in large pieces.
class Buffer {
 public:
  explicit Buffer(std::ostream& out) : out_(out) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { write(); }

  Buffer& operator<<(std::string_view text) {
    text_ += text;
    if (text_.size() >= kFull) write();
    return *this;
  }

 private:
  void write() {
    out_ << text_;
    text_.clear();
  }

  static constexpr std::size_t kFull = 65536;

  std::ostream& out_;
  std::string text_;
};

// An unknown value is shown as a dash, so that columns can still be counted. `made` keeps the text
// when it differs from the cell's. `plain` says that no cell at all may have control characters.
std::string_view shown(const TextRows::Cell& cell, bool plain, std::string& made) {
  if (cell.text.empty()) return "-";
  if (plain || !may_need_escapes(cell.text)) return cell.text;
  made = printable(cell.text);
  return made;
}

bool is_ascii(char c) { return static_cast<signed char>(c) >= 0; }

// Ends a line. One that is longer than a terminal has columns is cut there, and an ellipsis says
// so.
void end_line(std::string& line, std::size_t columns, Buffer& buffer) {
  if (columns > 0 && line.size() > columns && text_width(line) > columns) {
    line = std::string(text_within(line, columns - 1)) + "\u2026";
  }
  buffer << line << "\n";
  line.clear();
}

// The layout is that of Rocks: each column is as wide as its widest cell, one blank is between
// columns, and none at the end. `columns_there` are those of a terminal; 0 = it is none.
void print_table(std::ostream& out, const Columns& columns, const TextRows& rows,
                 std::size_t columns_there) {
  const bool plain = !may_need_escapes(rows.text());
  const bool ascii = std::ranges::all_of(rows.text(), is_ascii);
  const auto width_of = [ascii](std::string_view text) {
    return ascii ? text.size() : text_width(text);
  };
  std::string made;
  std::vector<std::size_t> widths;
  for (const auto& column : columns) widths.push_back(column.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] =
          std::max(widths[i], width_of(shown(rows.at(row, i), plain, made)) + (i == 0 ? 1 : 0));
    }
  }
  Buffer buffer(out);
  std::string line;
  const auto last = columns.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    line += upper(columns[i]);
    if (i < last) line.append(widths[i] - columns[i].size() + 1, ' ');
  }
  end_line(line, columns_there, buffer);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i <= last; ++i) {
      const auto text = shown(rows.at(row, i), plain, made);
      line += text;
      if (i == 0) line += ':';
      if (i < last) line.append(widths[i] - width_of(text) - (i == 0 ? 1 : 0) + 1, ' ');
    }
    end_line(line, columns_there, buffer);
  }
}

// Prints an array with one object for a row, as nlohmann's dump(2) would print it, but a list in
// one line. It prints a row at a time, because its values take ten times the memory of their text.
void print_json(std::ostream& out, const Columns& columns, const TextRows& rows) {
  std::vector<std::string> keys;
  std::ranges::transform(columns, std::back_inserter(keys), json_text);
  Buffer buffer(out);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    buffer << (row == 0 ? "[\n  {\n" : ",\n  {\n");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto [kind, text] = rows.at(row, i);
      buffer << (i == 0 ? "    " : ",\n    ") << keys[i] << ": ";
      if (kind == TextRows::Kind::text) {
        buffer << json_text(text);
      } else {
        buffer << (kind == TextRows::Kind::unknown ? "null" : text);
      }
    }
    buffer << "\n  }";
  }
  buffer << (rows.size() == 0 ? "[]\n" : "\n]\n");
}

// Programs read it as it is; `on_terminal` nothing in it acts there.
void print_csv(std::ostream& out, const Columns& columns, const TextRows& rows, bool on_terminal) {
  std::vector<std::string> fields;
  std::ranges::transform(columns, std::back_inserter(fields), csv_field);
  Buffer buffer(out);
  buffer << joined(fields, ",") << "\n";
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto text = rows.at(row, i).text;
      buffer << (i == 0 ? "" : ",") << csv_field(on_terminal ? printable(text) : std::string(text));
    }
    buffer << "\n";
  }
}

}  // namespace

void Output::table(const Table& table) { this->table(table.columns, text_rows(table, format_)); }

void Output::table(const std::vector<std::string>& columns, const TextRows& rows) {
  if (!view_.columns.empty() || !view_.sort.empty()) {
    auto few = columns;
    auto seen = rows;
    apply(view_, few, seen);
    print(few, seen);
  } else {
    print(columns, rows);
  }
}

void Output::print(const std::vector<std::string>& columns, const TextRows& rows) {
  switch (format_) {
    case Format::table:
      return print_table(out_, columns, rows, terminals_.out ? terminal_columns(outlet_) : 0);
    case Format::json:
      return print_json(out_, columns, rows);
    case Format::csv:
      return print_csv(out_, columns, rows, terminals_.out);
  }
}

void Output::text(std::string_view text) {
  if (terminals_.out) {
    out_ << lines_for_terminal(text);
  } else {
    out_ << text;
  }
}

void Output::note(std::string_view text) { err_ << program_ << ": " << printable(text) << '\n'; }

void Output::ask(std::string_view text) {
  err_ << program_ << ": " << printable(text) << " [y/N] " << std::flush;
}

void Output::check_outlet() {
  if (out_) return;
  if (errno == EPIPE) throw ClosedPipe();
  const std::string why = errno == EBADF ? "standard output is closed" : strerror(errno);
  throw Error(Fault::io, "cannot write the answer: " + why);
}

Format parse_format(std::string_view text) {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  if (text == "csv") return Format::csv;
  throw Error(Fault::usage,
              "not a format: " + quote(text) + " (want " + std::string(kFormatWords) + ")");
}

}  // namespace cluster::cmd
