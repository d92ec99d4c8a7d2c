#pragma once

#include <array>
#include <string>
#include <string_view>

namespace cluster::ssh {

/// A type of key that libssh can use: no certificate and no security key.
struct KeyType {
  std::string_view name;
  std::string_view algorithms;  ///< of signatures; an RSA key has two
  std::string_view family;      ///< as ssh-keyscan and the files in /etc/ssh call it
};

inline constexpr std::array<KeyType, 5> kKeyTypes{{
    {"ssh-ed25519", "ssh-ed25519", "ed25519"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "ecdsa"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "ecdsa"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "ecdsa"},
    {"ssh-rsa", "rsa-sha2-512,rsa-sha2-256", "rsa"},
}};

/// The key that a host has shown.
struct HostKey {
  std::string type;         ///< "ssh-ed25519"
  std::string base64;       ///< the public key, as known_hosts has it
  std::string fingerprint;  ///< "SHA256:...", as `ssh-keygen -l` prints it
};

/// True if `type` is the name of one of these.
bool is_plain_type(std::string_view type);

/// True if `type` is a type of key that OpenSSH has, and libssh has not, for a host or an
/// authority.
bool is_openssh_type(std::string_view type);

/// "SHA256:..." of a public key, as `ssh-keygen -l` prints it; "" when `base64` is no base64.
std::string fingerprint_of(std::string_view base64);

/// The family of a type; that of the usual one for any that libssh has not.
std::string family_of(std::string_view type);

/// How one looks at a host for its own key of that type: "compare it with `ssh-keygen ...` there".
std::string comparison(std::string_view type);

/// True if `base64` says that it is a key of another type than `type`.
bool is_key_of_other_type(std::string_view type, std::string_view base64);

/// True if `base64` is a public key of that type (RFC 4253, 6.6: its type stands at its begin).
bool is_public_key(std::string_view type, std::string_view base64);

}  // namespace cluster::ssh
