#pragma once

#include <string>

namespace cluster::agent {

/// Loads a kernel module with modprobe(8), without a shell, and waits for it. Throws Error(io) when
/// that fails.
void modprobe(const std::string& module);

}  // namespace cluster::agent
