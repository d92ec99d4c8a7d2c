#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "core/natural_key.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {
namespace {

// Gives each owner of a row a number, and tells later its place among all owners.
class Owners {
 public:
  std::uint32_t number_of(std::string_view name) {
    if (!keys_.empty() && name_ == name) return last_;  // rows of one owner come together
    name_ = name;
    const auto [at, added] = numbers_.emplace(name, static_cast<std::uint32_t>(keys_.size()));
    if (added) keys_.emplace_back(natural_key(name), at->second);
    return last_ = at->second;
  }

  // The places by number, from 0.
  std::vector<std::uint32_t> places() {
    std::ranges::sort(keys_);
    std::vector<std::uint32_t> places(keys_.size());
    for (std::uint32_t i = 0; i < keys_.size(); ++i) places[keys_[i].second] = i;
    return places;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::pair<std::string, std::uint32_t>> keys_;
  std::string name_;
  std::uint32_t last_ = 0;
};

// The number in "gpupci12"; 0 for "gpupci".
std::uint32_t number_in(std::string_view name) {
  std::uint32_t number = 0;
  const auto* digits = std::ranges::find_if(name, [](char c) { return c >= '0' && c <= '9'; });
  std::from_chars(digits, name.data() + name.size(), number);
  return number;
}

struct Place {
  std::uint32_t owner = 0;
  std::uint32_t number = 0;
  std::uint32_t row = 0;

  auto operator<=>(const Place&) const = default;
};

}  // namespace

TextRows Inventory::host_gpus(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  TextRows rows(4);
  Owners owners;
  std::vector<Place> places;
  read("list host gpu", [&] {
    const auto query =
        db_->prepare("SELECT host, name, shown, given FROM host_gpu WHERE " + these.in("host"));
    these.bind(*query);
    while (query->step()) {
      const auto owner = query->text(0);
      if (!these.has(owner)) continue;
      places.push_back({owners.number_of(owner), number_in(query->text(1)),
                        static_cast<std::uint32_t>(places.size())});
      for (int column = 0; column < 4; ++column) rows.add(query->text(column));
    }
  });
  const auto place_of = owners.places();
  for (auto& place : places) place.owner = place_of[place.owner];
  std::ranges::sort(places);
  std::vector<std::uint32_t> order;
  order.reserve(places.size());
  for (const auto& place : places) order.push_back(place.row);
  rows.reorder(order);
  return rows;
}

}  // namespace cluster
