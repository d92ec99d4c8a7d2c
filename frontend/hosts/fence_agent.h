#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "core/names.h"
#include "ssh/warden.h"

// The power of hosts, through the fence agents of the distribution (Debian and RHEL: fence-agents):
// programs that know each kind of BMC and power switch, and read their options from standard input
// (github.com/ClusterLabs/fence-agents, doc/FenceAgentAPI.md).
namespace cluster::frontend {

/// The way to the power switch of one host, as its attribute `fence` says it.
struct FenceDevice {
  std::string agent;                           ///< "fence_ipmilan"
  std::map<std::string, std::string> options;  ///< by the agent's own names, "ip"; no secrets
  std::map<std::string, std::filesystem::path> secrets;  ///< "password": the file that holds it
};

/// Reads "fence_ipmilan ip=bmc-{host} username=admin password_file=/etc/cluster/bmc", words as in
/// a shell; {host} is the host's name. Throws Error(usage) when it is no agent with options, when
/// it holds a secret, or names a program that would run here.
FenceDevice parse_fence(const std::string& value, const HostName& host);

/// Throws Error(usage) when `value` is not valid for the attribute `name`, if that is `fence`.
void check_fence_attribute(const std::string& name, const std::string& value);

enum class Power { on, off, cycle, status };

/// What an agent answered.
struct PowerAnswer {
  std::string state;    ///< "on" or "off" for status, else ""
  std::string warning;  ///< one line about an option that it does not know; "" = none
};

/// Has the agent do it, and waits for its end or for `patience`. Throws Error(not_found) when the
/// agent is not installed, Error(refused) when others may read a file of secrets, Error(io) with
/// the agent's own words when it failed.
PowerAnswer switch_power(const ssh::Warden& warden, const FenceDevice& device, Power power,
                         std::chrono::seconds patience);

}  // namespace cluster::frontend
