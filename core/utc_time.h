#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace cluster {

/// A time, "2026-11-21T01:20:00Z".
std::string utc_text(std::time_t seconds);

/// The time now, spelled in that way.
std::string utc_now();

/// The other way round of utc_text(); nothing when `text` is no such time.
std::optional<std::time_t> utc_seconds(const std::string& text);

}  // namespace cluster
