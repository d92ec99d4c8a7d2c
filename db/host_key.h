#pragma once

#include <string>

#include "core/names.h"

namespace cluster {

/// A public key by which a host shows that it is that host.
struct HostPublicKey {
  HostName host;
  std::string type;     ///< "ssh-ed25519"
  std::string base64;   ///< as known_hosts has it
  std::string learned;  ///< "2026-11-28T05:00:00Z"
};

}  // namespace cluster
