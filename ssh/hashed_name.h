#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/shared_library.h"

namespace cluster::ssh {

/// A host name as HashKnownHosts writes it, "|1|SALT|HASH" (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
struct HashedName {
  std::string salt;  ///< 20 bytes
  std::string hash;  ///< 20 bytes: HMAC-SHA1 of the name with the salt as key
};

/// Reads and compares hashed names. It opens libcrypto, so make one only when a hashed name is met.
class NameHasher {
 public:
  /// Throws Error(io) when libcrypto is missing.
  NameHasher() = default;

  /// Returns nothing when `text` is no hashed name.
  std::optional<HashedName> parse(std::string_view text) const;

  bool matches(const HashedName& hashed, std::string_view name) const;

 private:
  std::optional<std::string> decode(std::string_view base64) const;

  SharedLibrary libcrypto_{"libcrypto.so.3", "libssl3, from Debian 13 on libssl3t64"};
  decltype(&::HMAC) hmac_ = libcrypto_.symbol("HMAC");
  decltype(&::EVP_sha1) sha1_ = libcrypto_.symbol("EVP_sha1");
  decltype(&::EVP_DecodeBlock) decode_block_ = libcrypto_.symbol("EVP_DecodeBlock");
};

}  // namespace cluster::ssh
