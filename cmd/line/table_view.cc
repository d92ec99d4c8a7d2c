#include "cmd/line/table_view.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/natural_key.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

std::size_t place_of(const std::vector<std::string>& columns, const std::string& key,
                     const std::string& wanted) {
  const auto at = std::ranges::find(columns, lower(wanted));
  if (at != columns.end()) return static_cast<std::size_t>(at - columns.begin());
  throw Error(Fault::usage,
              key + "=" + quote(wanted) + ": no such column (want " + joined(columns, ", ") + ")");
}

// The text of a cell that its row is sorted by. An empty list comes first, as what is unknown does.
std::string_view sorted_by(const TextRows::Cell& cell) {
  return cell.kind == TextRows::Kind::list ? cell.text.substr(1, cell.text.size() - 2) : cell.text;
}

void sort_by(const std::vector<std::string>& columns, std::string wanted, TextRows& rows) {
  const bool is_descending = wanted.starts_with('-');
  if (is_descending) wanted.erase(0, 1);
  const auto column = place_of(columns, "sort", wanted);
  std::vector<std::string> keys;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    keys.push_back(natural_key(sorted_by(rows.at(row, column))));
  }
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    return is_descending ? keys[right] < keys[left] : keys[left] < keys[right];
  });
  rows.reorder(order);
}

TextRows chosen(const std::vector<std::size_t>& places, const TextRows& rows) {
  TextRows few(places.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const auto place : places) few.add(rows.at(row, place));
  }
  return few;
}

}  // namespace

TableView parse_table_view(const std::string& columns, const std::string& sort) {
  TableView view{{}, sort};
  for (const auto name : split(columns, ',')) {
    if (!trim(name).empty()) view.columns.emplace_back(trim(name));
  }
  return view;
}

void apply(const TableView& view, std::vector<std::string>& columns, TextRows& rows) {
  std::vector<std::size_t> places;
  for (const auto& wanted : view.columns) {
    const auto place = place_of(columns, "columns", wanted);
    // An object of JSON has each of its keys once.
    if (std::ranges::find(places, place) != places.end()) {
      throw Error(Fault::usage, "columns=" + quote(wanted) + " is there twice: want it once");
    }
    places.push_back(place);
  }
  if (!view.sort.empty()) sort_by(columns, view.sort, rows);
  if (places.empty()) return;
  rows = chosen(places, rows);
  std::vector<std::string> few;
  for (const auto place : places) few.push_back(columns[place]);
  columns = std::move(few);
}

}  // namespace cluster::cmd
