#pragma once

#include <string_view>

namespace cluster::frontend {

/// The text of the file NAME of frontend/vms, frontend/guests or frontend/selftest, "seeds.sh". It
/// was built in; a name that is none is a bug.
std::string_view container_script(std::string_view name);

}  // namespace cluster::frontend
