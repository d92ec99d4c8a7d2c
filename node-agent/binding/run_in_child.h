#pragma once

#include <chrono>
#include <functional>

namespace cluster::agent {

/// Calls `act` in a child process, because a write to sysfs can block in the kernel for ever. What
/// it changes in memory is lost. Returns whether it ended within `deadline`; a child that did not
/// is left alone. Throws Error(io) with the child's reason when `act` threw, or when the child
/// died.
bool run_in_child(const std::function<void()>& act, std::chrono::milliseconds deadline);

}  // namespace cluster::agent
