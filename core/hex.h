#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// The number that `digits` spell, in either case: "1c03" is 0x1c03. Returns nothing when there is
/// no digit, when there is anything but digits ("0x", a sign, a blank), or when it has more than 64
/// bits.
std::optional<std::uint64_t> parse_hex(std::string_view digits);

/// `value` in lower case, with zeros in front to `width` digits: "1a" is to_hex(26, 2). A larger
/// value keeps all its digits.
std::string to_hex(std::uint64_t value, std::size_t width);

/// Bytes, two digits each, first byte first: "8f2c".
std::string hex_bytes(std::string_view bytes);

/// Four hex digits, "10de", as the ids of PCI are written.
std::string hex4(std::uint16_t id);

/// The id that four hex digits spell. Returns nothing when `text` is not four hex digits.
std::optional<std::uint16_t> parse_hex4(std::string_view text);

}  // namespace cluster
