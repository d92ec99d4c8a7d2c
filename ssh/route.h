#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace cluster::ssh {

/// The way to a host: a Target with everything that the configuration says of it.
struct Route {
  std::string name;     ///< the operator's name for it
  std::string address;  ///< IP address or DNS name to connect to
  int port = 22;
  std::string user;                         ///< login name there
  std::chrono::seconds connect_timeout{0};  ///< from the configuration; 0 = it has none

  std::vector<std::string> identity_files;  ///< private keys to try, in this order
  bool names_identities = false;            ///< they stand in the configuration
  std::string agent_socket;                 ///< "" = ask no agent
  bool identities_only = false;             ///< use no agent key outside identity_files
  /// The agent is asked after so many of identity_files; more than there are = at the end.
  std::size_t agent_at = static_cast<std::size_t>(-1);
  /// The key that only OpenSSH can offer, when no other was taken; "" = there is none.
  std::string at_last;

  std::vector<std::string> known_hosts_files;  ///< the first is where a new key belongs
  std::vector<std::string> known_names;        ///< spellings under which its key may be known:
                                               ///< "n1" or, with another port, "[n1]:2222"
  bool has_alias = false;                      ///< the only known name is a HostKeyAlias

  /// The connection is one that the operator has opened before, and may have other uses.
  bool is_shared = false;

  /// The setting that only OpenSSH can honour, "ProxyJump at /root/.ssh/config:3"; "" = none.
  std::string needs_openssh;
  /// The settings for it that are not in other fields, for a comparison: where two hosts have the
  /// same, they mean the same. What OpenSSH alone understands may have its name in it.
  std::string other_settings;
  /// The value of its ProxyJump or ProxyCommand, "ProxyJump gw"; "" = none.
  std::string proxy;

  /// The first thing on the way that a login has to pass, where few may stand at a time: "ADDRESS
  /// PORT" of the host or of its first jump host, or a ProxyCommand. a DoorFinder sets these.
  std::string door;
  std::string door_address;  ///< that address, and its port; "" = it is a command
  int door_port = 0;
  /// Everything that decides whether the logins on the way succeed, the names of the jump hosts
  /// among them; "" = there is none on the way.
  std::string door_login;
  std::string loop;  ///< says that its jump hosts lead back to themselves; "" = they do not
};

/// The place of a host in words, for a reason: "'10.1.1.5' port 22".
std::string place(const Route& route);
/// The same of the first thing on the way.
std::string door_place(const Route& route);

}  // namespace cluster::ssh
