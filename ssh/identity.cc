#include "ssh/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "core/file.h"

namespace cluster::ssh {
namespace {

// libssh calls this from C to ask for the passphrase of a locked key; nobody is there to type it.
int note_passphrase(const char*, char*, std::size_t, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

bool begins_as_private_key(const std::string& path) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  std::ifstream in(path, std::ios::binary);
  std::array<char, kBegin.size()> bytes{};
  in.read(bytes.data(), bytes.size());
  return std::string_view(bytes.data(), static_cast<std::size_t>(in.gcount())) == kBegin;
}

bool is_security_key(ssh_keytypes_e type) {
  return type == SSH_KEYTYPE_SK_ECDSA || type == SSH_KEYTYPE_SK_ED25519;
}

constexpr const char* kNoKey = "is no private key that can be read";

void mark_security_key(Identity& identity) {
  identity.key.reset();
  identity.problem = "is a security key (ssh-add it)";
  identity.is_security_key = true;
}

}  // namespace

const Identity& Identities::load(const std::string& path) {
  auto at = loaded_.find(path);
  if (at == loaded_.end()) {
    at = loaded_.emplace(path, read(path)).first;
    find_public_half(path, at->second);
    // OpenSSH offers the public half that it found, and signs with no other key.
    auto& identity = at->second;
    if (identity.key && identity.certificate.empty() && !identity.public_base64.empty() &&
        base64_of(identity.key.get()) != identity.public_base64) {
      identity.key.reset();
      identity.problem = "is not the key of " + path + ".pub (remove that)";
    }
    for (const auto* ending : {"-cert", "-cert.pub"}) {
      const auto file = path + ending;
      if (at->second.certificate.empty() && access(file.c_str(), R_OK) == 0) {
        at->second.certificate = file;
      }
    }
  }
  return at->second;
}

// OpenSSH looks in this order (sshkey_load_public() in authfile.c): the file itself may be a public
// key, PATH.pub may be one, and a private key may tell its public half. Each may be a certificate.
void Identities::find_public_half(const std::string& path, Identity& identity) const {
  const bool is_private = begins_as_private_key(path);
  const auto beside = path + ".pub";
  for (const auto& file : {is_private ? beside : path, is_private ? path : beside}) {
    ssh_key raw = nullptr;
    if (access(file.c_str(), R_OK) != 0 ||
        libssh_.ssh_pki_import_pubkey_file(file.c_str(), &raw) != SSH_OK) {
      continue;
    }
    const OwnedKey key(raw, libssh_.ssh_key_free);
    identity.public_base64 = base64_of(raw);
    if (identity.public_base64.empty()) continue;
    // libssh 0.10 reads no private half of such a key.
    const auto kind = libssh_.ssh_key_type(raw);
    if (identity.problem == kNoKey && is_security_key(kind)) mark_security_key(identity);
    const std::string_view type = libssh_.ssh_key_type_to_char(kind);
    if (type.find("-cert-") != std::string_view::npos) identity.certificate = file;
    return;
  }
}

std::string Identities::base64_of(ssh_key key) const {
  char* text = nullptr;
  if (libssh_.ssh_pki_export_pubkey_base64(key, &text) != SSH_OK) return "";
  const OwnedText base64(text, libssh_.ssh_string_free_char);
  return base64.get();
}

Identity Identities::read(const std::string& path) const {
  const auto none = [this](std::string problem) {
    return Identity{OwnedKey(nullptr, libssh_.ssh_key_free), std::move(problem)};
  };
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    const bool is_missing = errno == ENOENT;
    auto nothing = none(is_missing ? "" : "cannot be read: " + errno_text(errno));
    nothing.is_missing = is_missing;
    return nothing;
  }
  // It chooses a key of the agent, and is no secret.
  if (path.ends_with(".pub") && !begins_as_private_key(path)) {
    return none("is a public key, and no agent has the private one");
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
  if (code != SSH_OK) return none(kNoKey);
  Identity identity{OwnedKey(raw, libssh_.ssh_key_free), ""};
  if (is_security_key(libssh_.ssh_key_type(raw))) mark_security_key(identity);
  return identity;
}

}  // namespace cluster::ssh
