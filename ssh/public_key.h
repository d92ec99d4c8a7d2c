#pragma once

#include <string>
#include <string_view>

namespace cluster::ssh {

/// "SHA256:..." of a public key, as `ssh-keygen -l` prints it; "" when `base64` is no base64.
std::string fingerprint_of(std::string_view base64);

/// True if `base64` is a public key of that type (RFC 4253, 6.6: its type stands at its begin).
bool is_public_key(std::string_view type, std::string_view base64);

}  // namespace cluster::ssh
