#pragma once

#include <string>

namespace cluster::ssh {

/// Whose settings and keys are used.
struct Operator {
  std::string user;          ///< login name here, the default there
  std::string home;          ///< "/root"; holds .ssh
  std::string config;        ///< the only configuration file, as `ssh -F`; "" = the usual two
  std::string agent_socket;  ///< of the ssh-agent; "" = there is none

  /// Of this process: its user in the password database (as `ssh` does it, so not $HOME),
  /// $CLUSTER_SSH_CONFIG and $SSH_AUTH_SOCK.
  static Operator current();
};

}  // namespace cluster::ssh
