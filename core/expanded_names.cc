#include "core/expanded_names.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

constexpr std::size_t kLongestName = 253;  // of a host, core/names.h
constexpr std::size_t kShown = 80;         // a word may have megabytes; a message has a line

[[noreturn]] void bad_range(std::string_view word) {
  throw Error(Fault::usage, "not a range of hosts: " + quote(word.substr(0, kShown)) +
                                " (want n[0-15,20], n[001-100] or n[1-9/2])");
}

[[noreturn]] void too_many(std::string_view word) {
  throw Error(Fault::usage, quote(word.substr(0, kShown)) + " means more than " +
                                std::to_string(kMostNames) + " names: want fewer");
}

// A number of a range. "007" is 7; its zeros say how wide the names are.
long long number_in(std::string_view word, std::string_view digits) {
  if (digits.empty()) bad_range(word);
  const auto number =
      parse_number(digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1)));
  if (!number) bad_range(word);
  return *number;
}

bool has_zeros(std::string_view digits) { return digits.size() > 1 && digits[0] == '0'; }

std::string padded(long long number, std::size_t width) {
  auto text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

// Adds the numbers of "08-10/2" or "20".
void add_numbers(std::string_view word, std::string_view piece, std::vector<std::string>& numbers) {
  const auto slash = piece.find('/');
  const auto range = piece.substr(0, slash);
  const auto dash = range.find('-');
  if (dash == std::string_view::npos && slash != std::string_view::npos) bad_range(word);
  const auto first = trim(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : trim(range.substr(dash + 1));
  const auto step =
      slash == std::string_view::npos ? 1 : number_in(word, trim(piece.substr(slash + 1)));
  const auto from = number_in(word, first);
  const auto to = number_in(word, last);
  // Nobody can say what the width of n[9-010] is.
  const bool widths_differ = has_zeros(last) && last.size() != first.size();
  if (to < from || step < 1 || widths_differ) bad_range(word);
  if (static_cast<unsigned long long>((to - from) / step) >= kMostNames) too_many(word);
  const auto count = static_cast<std::size_t>((to - from) / step) + 1;
  if (numbers.size() + count > kMostNames) too_many(word);
  const auto width = has_zeros(first) ? first.size() : 0;
  for (std::size_t i = 0; i < count; ++i) {
    numbers.push_back(padded(from + step * static_cast<long long>(i), width));
  }
}

// A word in pieces: a text, then what stands in the brackets behind it.
struct Piece {
  std::string_view text;
  std::vector<std::string> numbers;
};

}  // namespace

std::vector<std::string> expanded_names(std::string_view word) {
  if (word.find_first_of("[]") == std::string_view::npos) return {std::string(word)};
  std::vector<Piece> pieces;
  std::size_t count = 1;
  std::size_t length = 0;
  for (auto rest = word; !rest.empty();) {
    const auto open = rest.find('[');
    Piece piece{rest.substr(0, open), {}};
    if (piece.text.find(']') != std::string_view::npos) bad_range(word);
    length += piece.text.size();
    if (open == std::string_view::npos) {
      rest = {};
    } else {
      const auto close = rest.find(']', open);
      if (close == std::string_view::npos) bad_range(word);
      for (const auto one : split(rest.substr(open + 1, close - open - 1), ',')) {
        add_numbers(word, trim(one), piece.numbers);
      }
      rest.remove_prefix(close + 1);
      if (piece.numbers.size() > kMostNames / count) too_many(word);
      count *= piece.numbers.size();
      if (++length > kLongestName) bad_range(word);  // each bracket adds a digit at least
    }
    pieces.push_back(std::move(piece));
  }
  if (length > kLongestName) bad_range(word);
  std::vector<std::string> names{""};
  for (const auto& piece : pieces) {
    std::vector<std::string> longer;
    longer.reserve(names.size() * std::max<std::size_t>(piece.numbers.size(), 1));
    for (const auto& name : names) {
      const auto start = name + std::string(piece.text);
      if (piece.numbers.empty()) longer.push_back(start);
      for (const auto& number : piece.numbers) {
        longer.push_back(start + number);
        if (longer.back().size() > kLongestName) bad_range(word);
      }
    }
    names = std::move(longer);
  }
  return names;
}

}  // namespace cluster
