#pragma once

#include <optional>
#include <string>

// Text of the command line into values, where core/ has no type for them. All throw Error(usage)
// with the key's name.
namespace cluster::cmd {

/// A whole number from `min` to `max`.
int parse_int(const std::string& key, const std::string& text, int min, int max);

/// The same for a key that may be absent (nothing typed) or emptied ("rack="): both give nothing.
std::optional<int> parse_optional_int(const std::string& key, const std::string& text, int min,
                                      int max);

/// yes, no, true, false, on, off, 1, 0.
bool parse_yes_no(const std::string& key, const std::string& text);

/// An IPv4 or IPv6 address, or a DNS name.
std::string parse_address(const std::string& text);

/// A login name, "root", "rocks@EXAMPLE.ORG".
std::string parse_user(const std::string& text);

}  // namespace cluster::cmd
