#pragma once

#include <string>

namespace cluster::ssh {

/// What a server said when it hung up, out of libssh's last error, which is "Received
/// SSH_MSG_DISCONNECT: 2:Too many authentication failures" then (RFC 4253, 11.1). "" = nothing.
std::string last_words(const std::string& error);

}  // namespace cluster::ssh
