#include "core/owned_rows.h"

#include <algorithm>
#include <charconv>

#include "core/natural_key.h"
#include "core/text.h"

namespace cluster {

// Gives each owner a number.
std::uint32_t OwnedRows::number_of(std::string_view owner) {
  if (!keys_.empty() && last_name_ == owner) return last_;
  last_name_ = owner;
  const auto [at, added] = numbers_.emplace(owner, static_cast<std::uint32_t>(keys_.size()));
  if (added) keys_.emplace_back(natural_key(owner), at->second);
  return last_ = at->second;
}

void OwnedRows::add(std::string_view owner, std::uint32_t first, std::uint32_t second) {
  places_.push_back({number_of(owner), first, second, static_cast<std::uint32_t>(places_.size())});
}

std::vector<std::uint32_t> OwnedRows::order() {
  auto keys = keys_;
  std::ranges::sort(keys);
  std::vector<std::uint32_t> place_of(keys.size());
  for (std::uint32_t i = 0; i < keys.size(); ++i) place_of[keys[i].second] = i;
  auto places = places_;
  for (auto& place : places) place.owner = place_of[place.owner];
  std::ranges::sort(places);
  std::vector<std::uint32_t> order;
  order.reserve(places.size());
  for (const auto& place : places) order.push_back(place.row);
  return order;
}

std::uint32_t number_in(std::string_view name) {
  std::uint32_t number = 0;
  const auto* digits = std::ranges::find_if(name, is_digit);
  std::from_chars(digits, name.data() + name.size(), number);
  return number;
}

}  // namespace cluster
