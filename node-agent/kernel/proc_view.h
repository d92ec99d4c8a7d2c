#pragma once

#include <filesystem>
#include <string>

namespace cluster::agent {

/// Why /proc does not show all of the host and its processes, with what would show them; empty
/// when it does. To see no process is not to know that there is none. gpupci may be in a pid
/// namespace of its own: then the first process has another one than the host's, which always has
/// the same number (PROC_PID_INIT_INO, include/linux/proc_ns.h).
struct BlindSpot {
  std::string what;  ///< empty when all is seen
  std::string fix;
};

BlindSpot blind_spot(const std::filesystem::path& proc);

}  // namespace cluster::agent
