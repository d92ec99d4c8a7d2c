#pragma once

#include <string_view>

namespace cluster {

/// Version of this build, "0.1.0"; the number of `project()` in CMakeLists.txt.
std::string_view version();

}  // namespace cluster
