#pragma once

#include <optional>
#include <string>

// These functions turn the text of `key=value` into numbers and answers, for command lines and
// attributes alike.
namespace cluster {

inline constexpr int kMaxPort = 65535;

/// A whole number from `min` to `max`. Throws Error(usage) with the key's name.
int parse_int(const std::string& key, const std::string& text, int min, int max);

/// Does the same for a key that may be emptied ("rack="): an empty text gives nothing.
std::optional<int> parse_optional_int(const std::string& key, const std::string& text, int min,
                                      int max);

/// A size from `min` to `max` in `unit`, which is 'M' for MiB or 'G' for GiB. A number alone counts
/// these; else it has a unit, in any case: "512M", "4G", "40GiB", "1T". Throws Error(usage) with
/// the key's name, also for what is no whole number of `unit`, and for GB, which is not 1024 MB.
int parse_size(const std::string& key, const std::string& text, char unit, int min, int max);

/// Reads yes, no, y, n, true, false, on, off, 1, 0, in any case. Throws Error(usage) with the key's
/// name.
bool parse_yes_no(const std::string& key, const std::string& text);

/// An IPv4 or IPv6 address, as the kernel spells it ("fe80::1"), or a DNS name.
std::string parse_address(const std::string& text);

/// The jump hosts on the way to a host, as ProxyJump of ssh_config(5) has them: "gate",
/// "you@gate:24", "[fd00::1]:24", several with commas.
std::string parse_jump(const std::string& text);

/// A login name, "root", "rocks@EXAMPLE.ORG".
std::string parse_user(const std::string& text);

/// The reason of maintenance=yes: a line of at most 200 bytes; it may be "".
std::string parse_reason(const std::string& text);

}  // namespace cluster
