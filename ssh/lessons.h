#pragma once

#include <map>
#include <string>

#include "ssh/host_key.h"
#include "ssh/penalties.h"
#include "ssh/route.h"
#include "ssh/transport.h"

namespace cluster::ssh {

/// The things that failed logins of a run have taught. Many hosts may stand behind one address, and
/// each failed login there feeds its PerSourcePenalties (sshd_config(5)), until it turns everybody
/// away who comes from here. So the same login is not tried again where it has failed.
struct Lessons {
  struct Failure {
    End end;
    std::string words;
  };

  Penalties penalties;
  std::map<std::string, HostKey> distrust;  ///< by place and algorithms: the key that it shows
  std::map<std::string, Failure> refused;   ///< by login_of(), or by the door of a jump host

  bool empty() const { return penalties.empty() && distrust.empty() && refused.empty(); }
};

/// The sshd of `route` and the address that it sees: ours, or that of a jump host.
std::string source(const Route& route);

/// Everything that decides whether the login at the place of `route` succeeds. Two hosts with the
/// same one fare alike.
std::string login_of(const Route& route);

}  // namespace cluster::ssh
