#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cluster {

/// The order of many rows by the names of their owners, "n2" before "n10", and by numbers.
class OwnedRows {
 public:
  /// The next row has this owner; among its rows `first` decides, then `second`, then who was added
  /// first. It is fast when rows of one owner come together.
  void add(std::string_view owner, std::uint32_t first, std::uint32_t second = 0);

  /// The numbers of the rows, from 0, in that order: what TextRows::reorder() takes.
  std::vector<std::uint32_t> order();

 private:
  struct Place {
    std::uint32_t owner = 0;
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    std::uint32_t row = 0;

    auto operator<=>(const Place&) const = default;
  };

  std::uint32_t number_of(std::string_view owner);

  std::vector<Place> places_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::pair<std::string, std::uint32_t>> keys_;
  std::string last_name_;
  std::uint32_t last_ = 0;
};

/// The number in "gpupci12"; 0 for "gpupci".
std::uint32_t number_in(std::string_view name);

}  // namespace cluster
