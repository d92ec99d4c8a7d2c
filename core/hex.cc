#include "core/hex.h"

#include <charconv>
#include <system_error>

namespace cluster {

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, value, 16);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::string to_hex(std::uint64_t value, std::size_t width) {
  std::string digits;
  for (; value != 0 || digits.size() < width; value >>= 4U) {
    digits.insert(digits.begin(), "0123456789abcdef"[value & 15U]);
  }
  return digits;
}

std::string hex_bytes(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) digits += to_hex(static_cast<unsigned char>(byte), 2);
  return digits;
}

std::string hex4(std::uint16_t id) { return to_hex(id, 4); }

std::optional<std::uint16_t> parse_hex4(std::string_view text) {
  const auto value = parse_hex(text);
  if (text.size() != 4 || !value) return std::nullopt;
  return static_cast<std::uint16_t>(*value);
}

}  // namespace cluster
