#pragma once

#include <ctime>
#include <string>

namespace cluster {

/// A time, "2026-11-21T01:20:00Z".
std::string utc_text(std::time_t seconds);

/// The time now, spelled in that way.
std::string utc_now();

}  // namespace cluster
