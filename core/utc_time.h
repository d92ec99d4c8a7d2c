#pragma once

#include <string>

namespace cluster {

/// The time now, "2026-11-21T01:20:00Z".
std::string utc_now();

}  // namespace cluster
