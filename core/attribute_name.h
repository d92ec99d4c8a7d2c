#pragma once

#include <string_view>

namespace cluster {

/// True if an attribute may have that name: a letter or '_', then letters, digits, '_', '-', '.'.
bool is_attribute_name(std::string_view text);

}  // namespace cluster
