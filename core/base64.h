#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// `bytes` in base64 (RFC 4648, with padding), in lines of at most `width` characters; 0 = in one.
std::string base64(std::string_view bytes, std::size_t width = 0);

/// The bytes that `text` spells; line ends are passed over. Returns nothing when it is no base64.
std::optional<std::string> parse_base64(std::string_view text);

}  // namespace cluster
