// is_utf8_text() against its definition: a text is what its characters are written as (RFC 3629).

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"

namespace cluster {
namespace {

std::string written(std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | (code >> shift & 0x3fU));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0U | code >> 6U), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0U | code >> 12U), tail(6), tail(0)};
  return {static_cast<char>(0xf0U | code >> 18U), tail(12), tail(6), tail(0)};
}

// True if the text begins with a character, which is taken from it.
bool take_character(std::string& text) {
  std::uint32_t code = 0;
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    const auto first = static_cast<unsigned char>(text[0]);
    code = size == 1 ? first : first & (0x3fU >> (size - 1));
    for (std::size_t i = 1; i < size; ++i) {
      code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code == 0 || is_surrogate || code > 0x10ffff || !text.starts_with(written(code))) continue;
    if (written(code).size() != size) continue;
    text.erase(0, size);
    return true;
  }
  return false;
}

bool is_text(std::string text) {
  while (!text.empty()) {
    if (!take_character(text)) return false;
  }
  return true;
}

// All sequences of bytes beside those where a rule begins or ends.
TEST(Utf8Property, IsWhatItsCharactersAreWrittenAs) {
  std::vector<std::string> firsts;
  for (const int byte : {0x01, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                         0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff, 0x00}) {
    firsts.push_back({static_cast<char>(byte)});
  }
  std::vector<std::string> texts = firsts;
  std::size_t from = 0;
  for (int length = 2; length <= 4; ++length) {
    const auto to = texts.size();
    for (; from < to; ++from) {
      for (const int byte : {0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0}) {
        texts.push_back(texts[from] + static_cast<char>(byte));
      }
    }
  }
  int good = 0;
  for (const auto& text : texts) {
    const bool expected = is_text(text);
    EXPECT_EQ(is_utf8_text(text), expected) << printable(text);
    if (expected) ++good;
  }
  EXPECT_GT(good, 500);
  EXPECT_LT(good, static_cast<int>(texts.size()) / 2);
}

}  // namespace
}  // namespace cluster
