#include "ssh/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/file.h"

namespace cluster::ssh {
namespace {

// libssh calls this from C to ask for the passphrase of a locked key; nobody is there to type it.
int note_passphrase(const char*, char*, std::size_t, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

bool is_security_key(ssh_keytypes_e type) {
  return type == SSH_KEYTYPE_SK_ECDSA || type == SSH_KEYTYPE_SK_ED25519;
}

}  // namespace

const Identity& Identities::load(const std::string& path) {
  auto at = loaded_.find(path);
  if (at == loaded_.end()) {
    at = loaded_.emplace(path, read(path)).first;
    at->second.public_base64 = public_half(path);
    at->second.has_certificate = access((path + "-cert.pub").c_str(), R_OK) == 0;
  }
  return at->second;
}

// OpenSSH looks in this order: the file itself may be a public key.
std::string Identities::public_half(const std::string& path) const {
  for (const auto& file : {path, path + ".pub"}) {
    ssh_key raw = nullptr;
    if (access(file.c_str(), R_OK) != 0 ||
        libssh_.ssh_pki_import_pubkey_file(file.c_str(), &raw) != SSH_OK) {
      continue;
    }
    const OwnedKey key(raw, libssh_.ssh_key_free);
    char* text = nullptr;
    if (libssh_.ssh_pki_export_pubkey_base64(raw, &text) != SSH_OK) continue;
    const OwnedText base64(text, libssh_.ssh_string_free_char);
    return base64.get();
  }
  return "";
}

Identity Identities::read(const std::string& path) const {
  const auto none = [this](std::string problem) {
    return Identity{OwnedKey(nullptr, libssh_.ssh_key_free), std::move(problem)};
  };
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return none(errno == ENOENT ? "" : "cannot be read: " + errno_text(errno));
  }
  // OpenSSH refuses such a key, too: when others can read our private key, it is no secret any
  // more.
  if (status.st_uid == getuid() && (status.st_mode & 077U) != 0) {
    return none("can be read by others (chmod 600 it)");
  }
  ssh_key raw = nullptr;
  bool passphrase_asked = false;
  const int code = libssh_.ssh_pki_import_privkey_file(path.c_str(), nullptr, note_passphrase,
                                                       &passphrase_asked, &raw);
  if (passphrase_asked) return none("has a passphrase (ssh-add it)");
  if (code != SSH_OK && path.ends_with(".pub")) return none("");  // it chooses a key
  if (code != SSH_OK) return none("is no private key that can be read");
  OwnedKey key(raw, libssh_.ssh_key_free);
  if (is_security_key(libssh_.ssh_key_type(key.get()))) {
    auto identity = none("is a security key (ssh-add it)");
    identity.is_security_key = true;
    return identity;
  }
  return {std::move(key), ""};
}

}  // namespace cluster::ssh
