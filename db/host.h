#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/names.h"

namespace cluster {

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
