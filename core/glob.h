#pragma once

#include <string_view>

namespace cluster {

/// True if the whole `text` matches `pattern`: `*` is any characters, `?` exactly one. This costs
/// at most the length of the text times that of the pattern.
bool matches_glob(std::string_view text, std::string_view pattern);

}  // namespace cluster
