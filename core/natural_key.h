#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster {

/// A text whose bytes have the same order as natural_less() gives the names. To sort 30,000 names,
/// a key is made once for each, and comparing two keys is cheap.
std::string natural_key(std::string_view name);

/// Sorts `rows` by the name that `name_of` gives of each, "n2" before "n10".
template <typename Row, typename NameOf>
void sort_naturally(std::vector<Row>& rows, NameOf name_of) {
  std::vector<std::pair<std::string, std::size_t>> keys;
  keys.reserve(rows.size());
  for (const auto& row : rows) keys.emplace_back(natural_key(name_of(row)), keys.size());
  std::ranges::sort(keys);
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const auto& key : keys) sorted.push_back(std::move(rows[key.second]));
  rows = std::move(sorted);
}

}  // namespace cluster
