#pragma once

#include <optional>
#include <string>

// These functions turn the text of `key=value` into numbers and answers, for command lines and
// attributes alike.
namespace cluster {

/// A whole number from `min` to `max`. Throws Error(usage) with the key's name.
int parse_int(const std::string& key, const std::string& text, int min, int max);

/// Does the same for a key that may be emptied ("rack="): an empty text gives nothing.
std::optional<int> parse_optional_int(const std::string& key, const std::string& text, int min,
                                      int max);

/// Reads yes, no, true, false, on, off, 1, 0. Throws Error(usage) with the key's name.
bool parse_yes_no(const std::string& key, const std::string& text);

/// An IPv4 or IPv6 address, or a DNS name.
std::string parse_address(const std::string& text);

/// A login name, "root", "rocks@EXAMPLE.ORG".
std::string parse_user(const std::string& text);

}  // namespace cluster
