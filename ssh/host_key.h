#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ssh/known_hosts.h"
#include "ssh/libssh.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// The key that a host has shown.
struct HostKey {
  std::string type;         ///< "ssh-ed25519"
  std::string base64;       ///< the public key, as known_hosts has it
  std::string fingerprint;  ///< "SHA256:...", as `ssh-keygen -l` prints it
};

/// Of the host at the other end of `session`, after the key exchange; nothing when libssh cannot
/// say it.
std::optional<HostKey> shown_key(const LibSsh& libssh, ssh_session session);

/// The signature algorithms to ask for, those of the known keys first, so that a host with several
/// keys shows the one that is known.
std::string host_key_algorithms(const std::vector<KnownKey>& known);

/// Why the host is not to be trusted: its key is unknown, changed or revoked; with the command that
/// helps. "" when `shown` is known for it.
std::string distrust(const Route& route, const HostKey& shown, const std::vector<KnownKey>& known);

}  // namespace cluster::ssh
