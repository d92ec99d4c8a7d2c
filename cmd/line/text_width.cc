#include "cmd/line/text_width.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cluster::cmd {
namespace {

using Range = std::pair<char32_t, char32_t>;

constexpr std::array<Range, 6> kDrawnOver{{{0x0300, 0x036f},
                                           {0x200b, 0x200f},
                                           {0x20d0, 0x20ff},
                                           {0xfe00, 0xfe0f},
                                           {0xfe20, 0xfe2f},
                                           {0xe0100, 0xe01ef}}};

constexpr std::array<Range, 11> kWide{{{0x1100, 0x115f},
                                       {0x2e80, 0x303e},
                                       {0x3041, 0xa4cf},
                                       {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},
                                       {0xfe30, 0xfe6f},
                                       {0xff00, 0xff60},
                                       {0xffe0, 0xffe6},
                                       {0x1f300, 0x1f64f},
                                       {0x1f900, 0x1f9ff},
                                       {0x20000, 0x3fffd}}};

template <std::size_t Size>
bool is_in(const std::array<Range, Size>& ranges, char32_t c) {
  return std::ranges::any_of(
      ranges, [c](const Range& range) { return c >= range.first && c <= range.second; });
}

struct Character {
  std::size_t bytes = 1;
  std::size_t width = 1;
};

// The character at the beginning of `text`, which has one.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0xc2U) return {};
  const std::size_t bytes = lead < 0xe0U ? 2 : lead < 0xf0U ? 3 : 4;
  if (bytes > text.size()) return {};
  auto value = static_cast<char32_t>(lead & (0x7fU >> bytes));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {};
    value = value << 6U | (next & 0x3fU);
  }
  return {bytes, is_in(kDrawnOver, value) ? 0U : is_in(kWide, value) ? 2U : 1U};
}

}  // namespace

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto character = first_of(text);
    width += character.width;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string_view text_within(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  while (end < text.size()) {
    const auto character = first_of(text.substr(end));
    if (character.width > width) break;
    width -= character.width;
    end += character.bytes;
  }
  return text.substr(0, end);
}

}  // namespace cluster::cmd
