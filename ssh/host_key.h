#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ssh/known_hosts.h"
#include "ssh/libssh.h"
#include "ssh/public_key.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// The key exchanges that are offered. OpenSSH 6.5 and newer has the first one, which costs least.
/// They are named here so that a newer libssh does not change the time for a host unnoticed. None
/// is post-quantum: libssh 0.10 has none.
inline constexpr const char* kKeyExchanges =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256";

/// The ciphers that are offered, as libssh has them, but in another order: where the processor
/// knows AES, the first one costs less, and it needs no strict key exchange against CVE-2023-48795.
inline constexpr const char* kCiphers =
    "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,"
    "aes192-ctr,aes128-ctr";

/// The key of the host at the other end of `session`, after the key exchange. Returns nothing when
/// libssh cannot tell it.
std::optional<HostKey> shown_key(const LibSsh& libssh, ssh_session session);

/// The signature algorithms to ask for. Those of the known keys come first, so that a host with
/// several keys shows the one that is known.
std::string host_key_algorithms(const std::vector<KnownKey>& known);

/// The reason not to trust the host (its key is unknown, changed or revoked) and the command that
/// helps. "" when `shown` is known for the host. A key that is filed without the port says that
/// this is the host when it is the same, and else nothing.
std::string distrust(const Route& route, const HostKey& shown, const std::vector<KnownKey>& known);

}  // namespace cluster::ssh
