#pragma once

#include <string>
#include <string_view>

// What a fence agent says. It may repeat what a BMC said, of any length.
namespace cluster::frontend {

/// The last line of `said` that is no hint of how to call the agent, printable; "" = none. What
/// Python's logging puts before a line is no part of it: "ERROR:root:", "2026-01-31 12:00:00,123
/// ERROR: ".
std::string fence_failure(std::string_view said);

/// The line of `said` about an option that the agent does not know, in the same way; "" = none.
/// Agents go on without one, a mistyped `lanplus` too.
std::string fence_warning(std::string_view said);

}  // namespace cluster::frontend
