#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster::ssh {

/// True if `text` matches one of `patterns` of ssh_config(5) (`*` and `?`) and none of those that
/// start with `!`.
bool matches_list(std::string_view text, const std::vector<std::string>& patterns);

}  // namespace cluster::ssh
