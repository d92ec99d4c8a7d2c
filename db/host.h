#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/mac_address.h"
#include "core/names.h"
#include "db/host_key.h"

namespace cluster {

/// The values that attributes give for a host, as they were typed: the nearest of global <
/// appliance < container of a VM < host.
struct HostLogin {
  std::optional<std::string> user;  ///< ssh_user
  std::optional<std::string> sudo;  ///< ssh_sudo

  bool operator==(const HostLogin&) const = default;
};

/// A machine or a VM. A value that is absent is unknown, and is left to ssh or to the operator's
/// habits.
struct Host {
  HostName name;
  std::string appliance;               ///< one of Inventory::appliances()
  std::optional<int> rack;             ///< from 0
  std::optional<int> rank;             ///< place in the rack, from 0
  std::optional<int> cpus;             ///< from 1
  std::optional<std::string> address;  ///< IP address or DNS name
  std::optional<int> port;             ///< of sshd, 1..65535
  std::optional<std::string> user;     ///< login name for ssh
  bool managed = false;  ///< whether `run host` without names goes there; by appliance
  /// The reason why none of its cards should be used, "H2: no IOMMU"; only set_failing() sets it.
  std::optional<std::string> failing = {};
  /// Whether root's work there runs by sudo; nothing: by the attribute.
  std::optional<bool> sudo = {};
  HostLogin login = {};  ///< what counts where `user` and `sudo` say nothing; it is only read
  /// The reason why it gets no VM and starts none, "" when none was given; nothing: it is in use.
  std::optional<std::string> maintenance = {};
  bool through_openssh = false;  ///< attribute ssh_client; only hosts() sets this and `keys`
  std::vector<HostPublicKey> keys = {};
  /// The jump hosts on the way to it, as ProxyJump of ssh_config(5) has them, "gate" or
  /// "you@gate:24,inner"; nothing: ~/.ssh/config says. Behind others an address is another host's.
  std::optional<std::string> jump = {};
  std::optional<std::string> network = {};  ///< in which its address is, one of networks()
  std::optional<MacAddress> mac = {};       ///< of the interface that has its address
};

/// The groups that a host belongs to: what words select it, besides its name.
struct HostGroups {
  HostName name;
  std::string appliance;
  std::optional<int> rack;
  bool managed = false;
};

/// The hosts that a query is about; nothing means all of them.
using OnlyHosts = std::optional<std::vector<HostName>>;

}  // namespace cluster
