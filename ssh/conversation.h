#pragma once

#include <string>
#include <vector>

namespace cluster::ssh {

/// Runs a program, the first of `words`, with the standard input, output and terminal of this
/// process, and waits for its end. The keys of the terminal that interrupt are meant for it alone.
/// Returns its exit status, 128 and the number of the signal that ended it, or 127 when there is no
/// such program. Throws Error(io) when the kernel gives no process.
int converse(std::vector<std::string> words);

}  // namespace cluster::ssh
