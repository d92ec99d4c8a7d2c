#pragma once

namespace cluster::agent {

/// Closes every file of this process but `kept`. It makes only system calls, so it may run in a
/// child after fork. Linux has close_range(2) since 5.9; on an older kernel, or where a sandbox
/// forbids it, this closes what /proc/self/fd lists (proc(5)).
void close_files_but(int kept);

}  // namespace cluster::agent
