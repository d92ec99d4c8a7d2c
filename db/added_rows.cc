#include "db/added_rows.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_map>

#include "core/hex.h"
#include "db/batch_insert.h"

namespace cluster::db {
namespace {

// By the byte, as each of each text is asked for.
constexpr auto kIsSpecial = [] {
  std::array<bool, 256> special{};
  for (std::size_t c = 0; c < 0x20; ++c) special[c] = true;
  special['"'] = special['\\'] = true;
  return special;
}();

bool is_special(char c) { return kIsSpecial[static_cast<unsigned char>(c)]; }

// Adds the text of a string as SQLite's json_object() has it.
void add_escaped(std::string_view text, std::string& json) {
  if (std::ranges::none_of(text, is_special)) {
    json += text;
    return;
  }
  constexpr std::string_view kSpecial = "\b\t\n\f\r\"\\";
  constexpr std::string_view kLetters = "btnfr\"\\";
  for (const char c : text) {
    if (const auto at = kSpecial.find(c); at != std::string_view::npos) {
      json += '\\';
      json += kLetters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u" + to_hex(static_cast<unsigned char>(c), 4);
    } else {
      json += c;
    }
  }
}

}  // namespace

void AddedRows::begin_table(const std::string& table, const std::vector<std::string>& columns) {
  table_ = &table;
  keys_.clear();
  for (const auto& column : columns) {
    keys_.push_back((keys_.empty() ? "{\"" : ",\"") + column + "\":");
  }
}

std::string& AddedRows::begin_value() {
  constexpr std::size_t kUsualSize = 400;  // of the JSON of a card
  if (column_ == 0) rows_.emplace_back(Row{table_, "", ""}).json.reserve(kUsualSize);
  return rows_.back().json += keys_[column_];
}

void AddedRows::end_value() {
  if (++column_ < keys_.size()) return;
  rows_.back().json += '}';
  column_ = 0;
}

void AddedRows::add(const std::optional<std::string_view>& text) {
  auto& json = begin_value();
  if (!text) {
    json += "null";
  } else {
    if (column_ == 0) rows_.back().owner = *text;
    json += '"';
    add_escaped(*text, json);
    json += '"';
  }
  end_value();
}

void AddedRows::add(const std::optional<int>& number) {
  begin_value() += number ? std::to_string(*number) : "null";
  end_value();
}

void AddedRows::write(Connection& db, const std::vector<std::string_view>& owners) const {
  const auto now = db.prepare("SELECT id FROM change_now");
  if (!now->step() || now->is_null(0)) return;
  const int change = now->number(0);
  now->reset();
  std::unordered_map<std::string_view, std::vector<const Row*>> rows_of;
  for (const auto& row : rows_) rows_of[row.owner].push_back(&row);
  std::vector<const Row*> in_order;
  for (const auto& owner : owners) std::ranges::copy(rows_of[owner], std::back_inserter(in_order));
  static const BatchInsert insert("change_row", {"change", "place", "host", "after"});
  insert.add(db, in_order.size(), [&](RowBinder& bind, std::size_t i) {
    bind(change);
    bind(*in_order[i]->table);
    bind(in_order[i]->owner);
    bind(in_order[i]->json);
  });
}

}  // namespace cluster::db
