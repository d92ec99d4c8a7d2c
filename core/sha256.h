#pragma once

#include <string>
#include <string_view>

namespace cluster {

/// The SHA-256 of `bytes` (FIPS 180-4) as sha256sum(1) prints it: 64 digits in lower case. It tells
/// whether a file came whole; nothing secret depends on it.
std::string sha256_hex(std::string_view bytes);

}  // namespace cluster
