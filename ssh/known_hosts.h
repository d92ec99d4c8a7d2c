#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ssh/hashed_name.h"

namespace cluster::ssh {

/// A key that a known_hosts line gives to a host.
struct KnownKey {
  enum class Mark {
    trusted,    ///< no marker: the host may show this key
    revoked,    ///< @revoked: nobody may show it
    authority,  ///< @cert-authority: signs certificates, which only OpenSSH understands
  };
  Mark mark = Mark::trusted;
  std::string type;    ///< "ssh-ed25519"
  std::string base64;  ///< the public key
  std::string where;   ///< "/root/.ssh/known_hosts:3"
  /// It is filed without the port that was asked for, so it may be that of another sshd there.
  bool is_of_any_port = false;
};

/// Where a key that is in the inventory is known from.
inline constexpr const char* kInventory = "the inventory";

/// The known_hosts files of sshd(8), each read once into a table that is asked for each host.
class KnownHosts {
 public:
  /// Reads the files that exist, in this order.
  explicit KnownHosts(const std::vector<std::string>& files);

  /// Adds the lines of `text`. It skips only lines that cannot be used: lines with an unknown type
  /// of key, and damaged lines.
  void add(std::string_view text, const std::string& file);

  /// The keys filed under any of `names` (lower case, "[n1]:2222" with a port other than 22), in
  /// the order of the lines.
  std::vector<KnownKey> lookup(const std::vector<std::string>& names) const;

 private:
  void add_line(std::string_view line, const std::string& where);

  std::vector<KnownKey> keys_;
  std::unordered_multimap<std::string, std::size_t> by_name_;  // indices into keys_
  std::vector<std::pair<std::vector<std::string>, std::size_t>> by_pattern_;
  std::vector<std::pair<HashedName, std::size_t>> by_hash_;
  std::optional<NameHasher> hasher_;
};

}  // namespace cluster::ssh
