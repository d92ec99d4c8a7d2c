#pragma once

#include <map>
#include <string>
#include <vector>

#include "ssh/known_hosts.h"
#include "ssh/openssh.h"
#include "ssh/penalties.h"
#include "ssh/public_key.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// The things that failed logins of a run have taught. Many hosts may stand behind one address, and
/// each failed login there feeds its PerSourcePenalties (sshd_config(5)), until it turns everybody
/// away who comes from here. So the same login is not tried again where it has failed.
class Lessons {
 public:
  /// Why `ssh` did not come in somewhere.
  struct Failure {
    NoConnection why;
    std::string rest;  ///< the end of the reason, which is the same for all

    /// The reason for `target`, to stand behind that `ssh` failed there: what it said, and what
    /// helps.
    std::string reason(const Target& target) const;
  };

  Penalties penalties;
  /// By place and algorithms: the key that a host has shown who is not trusted, or lets nobody in.
  std::map<std::string, HostKey> shown;
  std::map<std::string, std::string> refused;  ///< by login_of(): the words of who came by libssh

  bool empty() const {
    return penalties.empty() && shown.empty() && refused.empty() && failed_.empty();
  }

  /// True once an `ssh` has failed where another one would, too.
  bool has_failures() const { return !failed_.empty(); }
  /// `ssh` came to the host of `route`, and failed there. `known` are the keys under which the host
  /// may show itself.
  void fail_at_host(const Route& route, const std::vector<KnownKey>& known, const Failure& failure);
  /// It failed at a jump host.
  void fail_on_way(const Route& route, const Failure& failure);
  /// The failure that `ssh` would meet again; nullptr = nobody knows of one.
  const Failure* foretold(const Route& route, const std::vector<KnownKey>& known) const;

 private:
  std::map<std::string, Failure> failed_;  // by all that decides
};

/// The sshd of `route` and the address that it sees: ours, or that of a jump host.
std::string source(const Route& route);

/// Everything that decides whether the host at the place of `route`, once we trust it, lets us in.
/// The names of the host are not among it: those decide which key it has to show.
std::string login_of(const Route& route);

}  // namespace cluster::ssh
