#pragma once

#include <cstddef>
#include <string>

namespace cluster {

/// `count` random bytes of the kernel as hex digits, two each. `count` is 256 at most. Throws
/// Error(io).
std::string random_hex(std::size_t count);

/// A random UUID, "c2177883-f1bb-47f0-914d-32a22e3a8804" (version 4, RFC 9562). Throws Error(io).
std::string random_uuid();

}  // namespace cluster
