#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "ssh/known_hosts.h"
#include "ssh/operator.h"
#include "ssh/route.h"
#include "ssh/ssh_log.h"
#include "ssh/transport.h"

// This house calls OpenSSH's `ssh` in this way only.
namespace cluster::ssh {

/// The words of the command line before the host: strict host keys, no questions, no forwarding, no
/// master connection made (one that is open is used), the configuration of `me`, and the fields of
/// `target`. The caller adds further options, "--", the name and the command. `host_keys` are the
/// options of the functions below.
std::vector<std::string> openssh_words(const Target& target, const Operator& me,
                                       std::chrono::seconds connect_timeout,
                                       const std::vector<std::string>& host_keys);

/// The keys under which the host may show itself: those of `target`, with what known_hosts revokes.
/// Without any they are, as in OpenSSH, those of its address; of an address with a port that is not
/// the usual one and has none, those without the port. Nobody knows a key by its address: then
/// those of its name.
std::vector<KnownKey> known_keys(const Target& target, const Route& route, const KnownHosts& known);

/// The options ("NAME=VALUE") with which `ssh` takes the same keys. It looks under the address to
/// which it connects, in the files of the configuration; where that is right, there are none.
std::vector<std::string> host_key_options(const Target& target, const Route& route,
                                          const KnownHosts& known);

/// The same for a single host: its known_hosts files are read where that is needed.
std::vector<std::string> host_key_options(const Target& target, const Route& route);

/// The options with which `ssh` only learns the key of a host, into `file`. It asks for one of the
/// types of `known` first: a key of another type tells nothing of those.
std::vector<std::string> key_learning_options(const std::string& file,
                                              const std::vector<KnownKey>& known);

/// The exit status of `ssh` when it failed itself, and not the command.
inline constexpr int kOpensshFailed = 255;

/// The reason why `ssh` made no connection.
struct NoConnection {
  End end;           ///< host_key, no_login or unreachable
  std::string said;  ///< the line of `ssh` that tells most; "" when it told nothing
  /// The key of the host, "ssh-ed25519 SHA256:..."; "" = it is not known.
  std::string shown = {};
};

/// Finds the reason by the words of OpenSSH 9.2. Unknown words, of a later one, mean unreachable.
/// `said` are the lines of its complaint.
NoConnection why_no_connection(std::vector<std::string> said);

/// The same of the whole log of `ssh`.
NoConnection failure_in(const SshLog& log);

/// True if what `ssh` started to come to a host, whose standard error is `err`, says that it was
/// let in nowhere: at a jump host it was refused, or did not trust it.
bool is_refusal_on_way(std::string_view err);

/// What helps, as the end of a reason: commands where the host's key is not known, or another one,
/// the place for a key of ours where that was refused, the line of the configuration where there is
/// no algorithm that both have. "" = nothing is known that does.
std::string what_helps(const NoConnection& why, const Target& target);

/// The same for the last line of what leads to a host, when a jump host said so.
std::string what_helps_on_way(std::string_view line);

}  // namespace cluster::ssh
