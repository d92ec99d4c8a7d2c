#pragma once

#include <map>
#include <string>

#include "ssh/libssh.h"

namespace cluster::ssh {

/// A private key file of the operator.
struct Identity {
  OwnedKey key;         ///< none when it cannot be used
  std::string problem;  ///< why not: "has a passphrase, ..."; "" also when there is no such file
  bool is_security_key = false;
  bool is_missing = false;         ///< there is no such file
  std::string public_base64 = {};  ///< the public half; "" = nobody knows it
  std::string certificate = {};    ///< the file with a certificate for it; "" = there is none
};

/// The private keys of a run, each file read once.
class Identities {
 public:
  explicit Identities(const LibSsh& libssh) : libssh_(libssh) {}

  /// The key in `path`; valid as long as this.
  const Identity& load(const std::string& path);

 private:
  Identity read(const std::string& path) const;
  std::string base64_of(ssh_key key) const;
  void find_public_half(const std::string& path, Identity& identity) const;

  const LibSsh& libssh_;
  std::map<std::string, Identity> loaded_;
};

}  // namespace cluster::ssh
