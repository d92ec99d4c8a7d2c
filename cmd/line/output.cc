#include "cmd/line/output.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

std::string text_of(const Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return "";
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

// As Rocks prints: columns as wide as their widest cell, one blank between, none at the end. An
// unknown value is a dash, so that columns can still be counted.
void print_table(std::ostream& out, const Table& table) {
  std::vector<std::vector<std::string>> lines;
  std::ranges::transform(table.columns, std::back_inserter(lines.emplace_back()), upper);
  for (const auto& row : table.rows) {
    auto& line = lines.emplace_back();
    for (const auto& cell : row) {
      auto text = printable(text_of(cell));
      line.push_back(text.empty() ? "-" : std::move(text));
    }
    line.front() += ':';
  }
  std::vector<std::size_t> widths(table.columns.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      out << line[i];
      if (i + 1 < line.size()) out << std::string(widths[i] - line[i].size() + 1, ' ');
    }
    out << '\n';
  }
}

void print_json(std::ostream& out, const Table& table) {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    auto& object = rows.emplace_back(nlohmann::ordered_json::object());
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto& value = object[table.columns[i]];  // null until it is set
      if (const auto* number = std::get_if<std::int64_t>(&row[i])) value = *number;
      if (const auto* text = std::get_if<std::string>(&row[i])) value = *text;
    }
  }
  out << rows.dump(2) << '\n';
}

// RFC 4180: a field with a comma, a quote or a line end stands in quotes, quotes doubled.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

void print_csv(std::ostream& out, const Table& table) {
  std::vector<std::string> fields;
  std::ranges::transform(table.columns, std::back_inserter(fields), csv_field);
  out << joined(fields, ",") << '\n';
  for (const auto& row : table.rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += ',';
      line += csv_field(text_of(row[i]));
    }
    out << line << '\n';
  }
}

}  // namespace

void Output::table(const Table& table) {
  switch (format_) {
    case Format::table:
      return print_table(out_, table);
    case Format::json:
      return print_json(out_, table);
    case Format::csv:
      return print_csv(out_, table);
  }
}

void Output::note(std::string_view text) { err_ << "cluster: " << text << '\n'; }

Format parse_format(std::string_view text) {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  if (text == "csv") return Format::csv;
  throw Error(Fault::usage, "not a format: " + quote(text) + " (want table, json or csv)");
}

}  // namespace cluster::cmd
