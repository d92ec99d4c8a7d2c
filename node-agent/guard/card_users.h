#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/guard_input.h"
#include "node-agent/guard/reason.h"
#include "node-agent/kernel/device_nodes.h"
#include "node-agent/kernel/process_table.h"

namespace cluster::agent {

/// Device nodes by their number, each with its path.
using NodePaths = std::map<DeviceNumber, std::string>;

/// The processes that use a card, or any device.
struct CardUsers {
  NodePaths on_host;  ///< the nodes of its host drivers
  NodePaths in_vm;    ///< the nodes of vfio
  Handles handles;    ///< the processes that have one of them
};

/// Looks at all processes once. Throws Error(io) when /proc cannot be read.
CardUsers card_users(const Card& card, const GuardInput& input);

/// The same for a device of vfio, by its folder in sysfs: a mediated device is on no PCI bus.
CardUsers device_users(const std::filesystem::path& device, const GuardInput& input);

/// The part of a node that a process has open and that matters; empty for none.
using NodePart = std::function<std::string(pid_t pid, const std::string& path)>;

/// The nodes that each process has open, "/dev/dri/card0, /dev/dri/renderD128". `part` decides
/// which part of each node counts; without `part` every node counts whole.
std::map<pid_t, std::string> nodes_by_process(const Handles& handles, const NodePaths& nodes,
                                              const NodePart& part = {});

/// "process 812 ('nginx', 'nginx.service')", with the container that it is in.
std::string described(const Process& process);

/// "process 812 ('Xorg') has /dev/dri/card0 open", and the way to stop it.
Reason has_open(const Process& process, const std::string& paths);

/// The way to stop a process: its container, its unit, or the process itself.
std::string way_to_stop(const Process& process);

/// The reason that some processes cannot be looked into: any of them may be a user of the card.
/// Empty when all could be looked into.
Reasons unreadable_processes(const Handles& handles);

}  // namespace cluster::agent
