#pragma once

#include <cstddef>

namespace cluster::ssh {

/// Raises the bound on open descriptors of this process (`ulimit -n`) as far as it goes; returns
/// how many are left then for hosts.
std::size_t room_for_descriptors();

}  // namespace cluster::ssh
