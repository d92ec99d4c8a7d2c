#include "core/base64.h"

#include <cstdint>

namespace cluster {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned kBits = 6;  // of a letter
constexpr unsigned kByte = 8;

}  // namespace

std::string base64(std::string_view bytes, std::size_t width) {
  std::string text;
  std::size_t in_line = 0;
  const auto put = [&](char c) {
    if (width != 0 && in_line == width) {
      text += '\n';
      in_line = 0;
    }
    text += c;
    ++in_line;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const auto byte = i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
      three = three << kByte | byte;
    }
    for (unsigned k = 0; k < 4; ++k) {
      const bool is_padding = i + k > bytes.size();
      put(is_padding ? '=' : kLetters[three >> kBits * (3 - k) & 0x3fU]);
    }
  }
  return text;
}

std::optional<std::string> parse_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  std::size_t letters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    ++letters;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto value = kLetters.find(c);
    if (value == std::string_view::npos || padding != 0) return std::nullopt;
    held = held << kBits | static_cast<std::uint32_t>(value);
    bits += kBits;
    if (bits < kByte) continue;
    bits -= kByte;
    bytes += static_cast<char>(held >> bits & 0xffU);
  }
  if (letters % 4 != 0 || padding > 2) return std::nullopt;
  return bytes;
}

}  // namespace cluster
