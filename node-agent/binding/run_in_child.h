#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

namespace cluster::agent {

/// Calls `act` in a child process, because a write to sysfs can block in the kernel for ever.
/// Changes that `act` makes in memory are lost. Returns whether the child ended within `deadline`;
/// a child that did not end is left alone. Throws Error(io) with the child's reason when `act`
/// threw, or when the child died. The child is called "gpupci-worker"; `left` gets its number when
/// it is left alone.
bool run_in_child(const std::function<void()>& act, std::chrono::milliseconds deadline,
                  pid_t* left = nullptr);

}  // namespace cluster::agent
