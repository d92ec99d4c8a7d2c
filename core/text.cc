#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <numeric>
#include <utility>

#include "core/terminal_text.h"

namespace cluster {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Takes the run of digits that `text` starts with, without leading zeros.
std::string_view take_digits(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

// The number of characters to insert, delete, replace or swap with their neighbour (optimal string
// alignment distance).
std::size_t edits(std::string_view from, std::string_view to) {
  using Row = std::vector<std::size_t>;
  Row before;
  Row above;
  Row row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (auto at = text.find(separator); at != std::string_view::npos; at = text.find(separator)) {
    pieces.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  pieces.push_back(text);
  return pieces;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

std::string printable(std::string_view text) { return escaped(text, false); }

std::string quote(std::string_view text) { return "'" + brief(text) + "'"; }

bool is_utf8_text(std::string_view text) {
  const auto byte = [&](std::size_t at) -> std::uint32_t {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto first = byte(at);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0 || (first >= 0x80 && first < 0xc2) || first > 0xf4) return false;
    auto code = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(at + i) & 0xc0U) != 0x80U) return false;
      code = code << 6U | (byte(at + i) & 0x3fU);
    }
    const bool longer_than_needed =
        (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (longer_than_needed || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return false;
    at += length;
  }
  return true;
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kSafe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(kSafe) == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, kForm, [](char c, char form) {
    return form == '-' ? c == '-' : is_digit(c) || (c >= 'a' && c <= 'f');
  });
}

std::optional<long long> parse_number(std::string_view text) {
  if (text.empty() || !is_digit(text[0]) || (text[0] == '0' && text.size() > 1)) {
    return std::nullopt;
  }
  long long value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool natural_less(std::string_view left, std::string_view right) {
  const auto whole = std::pair(left, right);
  while (!left.empty() && !right.empty()) {
    if (is_digit(left[0]) && is_digit(right[0])) {
      const auto a = take_digits(left);
      const auto b = take_digits(right);
      if (a.size() != b.size()) return a.size() < b.size();
      if (a != b) return a < b;
    } else {
      if (left[0] != right[0]) return left[0] < right[0];
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
  }
  if (left.size() != right.size()) return left.size() < right.size();
  return whole.first < whole.second;  // "n1" and "n01": equal as numbers, still ordered
}

std::optional<std::string> nearest(std::string_view text, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  std::size_t best_edits = std::max<std::size_t>(1, text.size() / 3) + 1;  // a third may be wrong
  for (const auto& word : known) {
    if (lower(word) == lower(text)) return word;
    // Each letter too many or too few is one edit at least.
    const auto difference = std::max(text.size(), word.size()) - std::min(text.size(), word.size());
    if (difference >= best_edits) continue;
    const std::size_t distance = edits(text, word);
    if (distance < best_edits) {
      best = &word;
      best_edits = distance;
    }
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& known) {
  const auto word = nearest(text, known);
  return word ? " (did you mean " + quote(*word) + "?)" : "";
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  std::string_view before;
  for (const auto& word : words) {
    out.append(before).append(word);
    before = separator;
  }
  return out;
}

}  // namespace cluster
