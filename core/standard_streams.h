#pragma once

namespace cluster {

/// Puts /dev/null, to be read, in place of each standard stream that the caller has closed. Else a
/// file or connection that is opened later would get its number, and with it what the program
/// prints. Writing to such a stream still fails.
void hold_standard_streams();

}  // namespace cluster
