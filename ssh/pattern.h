#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster::ssh {

/// True if `text` matches a pattern of ssh_config(5): `*` is any characters, `?` exactly one.
bool matches(std::string_view text, std::string_view pattern);

/// True if `text` matches one of `patterns` and none of those that start with `!`.
bool matches_list(std::string_view text, const std::vector<std::string>& patterns);

/// `text` with its ASCII letters in lower case. Host names, types and keywords are compared so.
std::string lower(std::string_view text);

}  // namespace cluster::ssh
