#pragma once

#include <string_view>

namespace cluster::rolls {

/// The file prelude.sh, from its first empty line on.
std::string_view prelude();

}  // namespace cluster::rolls
