#include "core/folded_names.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "core/text.h"

namespace cluster {
namespace {

constexpr std::size_t kMostDigits = 15;  // a longer number is text

// The pieces of a name: text at even places, perhaps "", and numbers at odd ones. A number becomes
// a list in brackets when names are folded.
using Pieces = std::vector<std::string>;

Pieces pieces_of(std::string_view name) {
  Pieces pieces{""};
  while (!name.empty()) {
    const auto end =
        std::min(static_cast<std::size_t>(std::ranges::find_if_not(name, is_digit) - name.begin()),
                 name.size());
    if (end == 0 || end > kMostDigits) {
      const auto count = std::max<std::size_t>(end, 1);
      pieces.back() += name.substr(0, count);
      name.remove_prefix(count);
    } else {
      pieces.emplace_back(name.substr(0, end));
      pieces.emplace_back();
      name.remove_prefix(end);
    }
  }
  return pieces;
}

long long value_of(std::string_view digits) {
  const auto at = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return parse_number(digits.substr(at)).value_or(0);
}

// True if `number` is what a range beginning with `first` has as `value`. A range with zeros in
// front ends where its numbers would grow wider: n[01-99] n100, which nodeset(1) reads as well.
bool goes_on(const std::string& first, const std::string& number, long long value) {
  const bool has_zeros = first.size() > 1 && first[0] == '0';
  if (has_zeros && number.size() != first.size()) return false;
  if (!has_zeros && number.size() > 1 && number[0] == '0') return false;
  return value_of(number) == value;
}

// "[0-15,20]" of several numbers, the number itself of one. Those with fewer digits come first, as
// in nodeset(1): numbers of one width are in a row, whatever others are there.
std::string list_of(std::vector<std::string> numbers) {
  if (numbers.size() == 1) return numbers[0];
  std::ranges::sort(numbers, [](const std::string& left, const std::string& right) {
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  });
  std::string list;
  for (std::size_t from = 0; from < numbers.size();) {
    auto to = from;
    const auto first = value_of(numbers[from]);
    while (to + 1 < numbers.size() &&
           goes_on(numbers[from], numbers[to + 1], first + static_cast<long long>(to + 1 - from))) {
      ++to;
    }
    list += list.empty() ? "[" : ",";
    list += numbers[from];
    if (to > from) list += "-" + numbers[to];
    from = to + 1;
  }
  return list + "]";
}

// Folds names that differ in their number at `place` alone.
std::vector<Pieces> folded_at(std::size_t place, const std::vector<Pieces>& names) {
  std::map<Pieces, std::vector<std::string>> groups;
  for (auto name : names) {
    auto number = std::exchange(name[place], "");
    groups[std::move(name)].push_back(std::move(number));
  }
  std::vector<Pieces> folded;
  for (const auto& [rest, numbers] : groups) {
    folded.push_back(rest);
    folded.back()[place] = list_of(numbers);
  }
  return folded;
}

}  // namespace

std::string folded_names(const std::vector<std::string>& names) {
  auto sorted = names;
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::map<std::size_t, std::vector<Pieces>> by_length;
  for (const auto& name : sorted) {
    auto pieces = pieces_of(name);
    by_length[pieces.size()].push_back(std::move(pieces));
  }
  std::vector<std::string> words;
  for (auto& [length, group] : by_length) {
    for (auto place = length; place > 1; place -= 2) group = folded_at(place - 2, group);
    for (const auto& pieces : group) words.push_back(joined(pieces, ""));
  }
  std::ranges::sort(words, natural_less);
  return joined(words, " ");
}

std::string counted_names(const std::vector<std::string>& names) {
  auto text = folded_names(names);
  return names.size() > 1 ? text + " (" + std::to_string(names.size()) + ")" : text;
}

}  // namespace cluster
