#include "ssh/host_key.h"

#include <algorithm>

#include "core/text.h"
#include "ssh/public_key.h"

namespace cluster::ssh {
namespace {

// The command that stores the host's key in the file where it is looked up.
std::string learn_command(const Route& route, const HostKey& shown) {
  std::string command = "ssh-keyscan -t " + family_of(shown.type);
  if (route.port != 22) command += " -p " + std::to_string(route.port);
  command += ' ';
  command += shell_word(route.address);
  if (route.has_alias) {
    std::string alias;  // as the replacement of sed
    for (const char c : route.known_names[0]) {
      if (c == '\\' || c == '/' || c == '&') alias += '\\';
      alias += c;
    }
    command += " | sed ";
    command += shell_word("s/^[^ ]*/" + alias + '/');
  }
  return command + " >> " + shell_word(route.known_hosts_files[0]);
}

std::string unknown(const Route& route, const HostKey& shown) {
  std::string reason = "the host key of " + place(route) + " is not known (" + shown.type + ", " +
                       shown.fingerprint + "); " + comparison(shown.type);
  if (route.known_hosts_files.empty()) return reason + ", and name a UserKnownHostsFile for it";
  return reason + ", then: cluster sync host key " + shell_word(route.name) +
         ", or for `ssh` too: " + learn_command(route, shown);
}

std::string changed(const Route& route, const HostKey& shown, const KnownKey& known) {
  const std::string file = known.where.substr(0, known.where.rfind(':'));
  std::string forget;
  if (known.where == kInventory) {
    forget = "cluster remove host key " + shell_word(route.name) + "; cluster sync host key " +
             shell_word(route.name);
    return "the host key of " + place(route) + " is not the one in the inventory: it shows " +
           shown.type + ", " + shown.fingerprint + ", and not " + known.type + ", " +
           fingerprint_of(known.base64) +
           "; somebody may be listening in; if the key was changed on purpose: " + forget;
  }
  for (const auto& name : route.known_names) {
    if (!forget.empty()) forget += "; ";
    forget += "ssh-keygen -f " + shell_word(file) + " -R " + shell_word(name);
  }
  return "the host key of " + place(route) + " is not the one in " + known.where + ": it shows " +
         shown.type + ", " + shown.fingerprint +
         "; somebody may be listening in; if the key was changed on purpose: " + forget;
}

}  // namespace

std::optional<HostKey> shown_key(const LibSsh& libssh, ssh_session session) {
  ssh_key raw_key = nullptr;
  if (libssh.ssh_get_server_publickey(session, &raw_key) != SSH_OK) return std::nullopt;
  const OwnedKey key(raw_key, libssh.ssh_key_free);
  char* raw_text = nullptr;
  if (libssh.ssh_pki_export_pubkey_base64(raw_key, &raw_text) != SSH_OK) return std::nullopt;
  const OwnedText base64(raw_text, libssh.ssh_string_free_char);
  const char* type = libssh.ssh_key_type_to_char(libssh.ssh_key_type(raw_key));
  return HostKey{type, base64.get(), fingerprint_of(base64.get())};
}

std::string host_key_algorithms(const std::vector<KnownKey>& known) {
  std::string first;
  std::string rest;
  for (const auto& type : kKeyTypes) {
    const bool is_known = std::ranges::any_of(known, [&](const KnownKey& key) {
      return key.mark == KnownKey::Mark::trusted && key.type == type.name &&
             std::ranges::none_of(known, [&key](const KnownKey& other) {
               return other.mark == KnownKey::Mark::revoked && other.base64 == key.base64;
             });
    });
    std::string& list = is_known ? first : rest;
    if (!list.empty()) list += ",";
    list += type.algorithms;
  }
  return first.empty() ? rest : rest.empty() ? first : first + "," + rest;
}

std::string distrust(const Route& route, const HostKey& shown, const std::vector<KnownKey>& known) {
  const KnownKey* same = nullptr;
  const KnownKey* other = nullptr;
  for (const auto& key : known) {
    const bool is_same = key.base64 == shown.base64;
    if (is_same && key.mark == KnownKey::Mark::revoked) {
      return "the host key of " + place(route) + " is revoked by " + key.where + " (" + shown.type +
             ", " + shown.fingerprint + "); give the host a new key";
    }
    if (key.mark != KnownKey::Mark::trusted) continue;
    if (is_same) same = &key;
    if (key.is_of_any_port)
      continue;  // as for OpenSSH: another sshd there says nothing of this one
    // A known key of the same type tells the operator most about the change.
    if (!is_same && (other == nullptr || (key.type == shown.type && other->type != shown.type))) {
      other = &key;
    }
  }
  if (same != nullptr) return "";
  return other == nullptr ? unknown(route, shown) : changed(route, shown, *other);
}

}  // namespace cluster::ssh
