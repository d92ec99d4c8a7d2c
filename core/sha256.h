#pragma once

#include <string>
#include <string_view>

namespace cluster {

/// The SHA-256 of `bytes` (FIPS 180-4), 32 bytes. It tells whether a file came whole; nothing
/// secret depends on it.
std::string sha256(std::string_view bytes);

/// The same as sha256sum(1) prints it: 64 digits in lower case.
std::string sha256_hex(std::string_view bytes);

}  // namespace cluster
