#pragma once

#include <string>

namespace cluster::ssh {

/// The user whose settings and keys are used.
struct Operator {
  std::string user;          ///< login name here, the default there
  std::string home;          ///< "/root"; holds .ssh
  std::string config;        ///< the only configuration file, as `ssh -F`; "" = the usual two
  std::string agent_socket;  ///< the socket of the ssh-agent; "" = there is none
  bool has_ticket = false;   ///< there may be a Kerberos ticket to log in with

  /// The operator of this process: its user in the password database (`ssh` does the same, and does
  /// not look at $HOME), $CLUSTER_SSH_CONFIG and $SSH_AUTH_SOCK.
  static Operator current();
};

}  // namespace cluster::ssh
