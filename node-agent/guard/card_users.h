#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/guard_input.h"
#include "node-agent/kernel/device_nodes.h"
#include "node-agent/kernel/proc_view.h"
#include "node-agent/kernel/process_table.h"
#include "node-agent/reason.h"

namespace cluster::agent {

/// Device nodes by their number, each with its path.
using NodePaths = std::map<DeviceNumber, std::string>;

/// The processes that use a card, or any device.
struct CardUsers {
  NodePaths on_host;                ///< the nodes of its host drivers
  NodePaths in_vm;                  ///< the nodes of vfio
  std::vector<NodeRange> ranges{};  ///< nodes of its drivers that may be those of other cards
  Handles handles{};                ///< the processes that have one of them
  BlindSpot blind{};                ///< why there may be others
};

/// Looks at all processes once. Throws Error(io) when /proc cannot be read.
CardUsers card_users(const Card& card, const GuardInput& input);

/// The same for a device of vfio, by its folder in sysfs: a mediated device is on no PCI bus.
CardUsers device_users(const std::filesystem::path& device, const GuardInput& input);

/// What each process has open, as an operator reads it: "/dev/dri/card0, /dev/dri/renderD128".
using HeldByProcess = std::map<pid_t, std::string>;

/// The words for an open node, "/dev/dri/card0"; empty when it does not count.
using NodeWords = std::function<std::string(pid_t pid, const DeviceNumber& number)>;

/// What processes have open while a host driver has the card.
HeldByProcess held_on_host(const CardUsers& users, const NodeWords& words);

/// What processes have open of vfio.
HeldByProcess held_by_vfio(const CardUsers& users);

/// "process 812 ('nginx', 'nginx.service')", with the container that it is in.
std::string described(const Process& process);

/// "process 812 ('Xorg') has /dev/dri/card0 open", and the way to stop it.
Reason has_open(const Process& process, const std::string& paths);

/// The way to stop a process: its container, its unit, or the process itself.
std::string way_to_stop(const Process& process);

/// The reasons that an open file waits in a socket to be taken up, and that it may be of the card:
/// a descriptor there is in no process' table, and keeps its device open. All are passing.
Reasons files_under_way(const CardUsers& users, const ProcessTable& processes);

/// The reason that programs are ending which may have it open: what a program still has open while
/// the kernel closes its files is in no table. It is passing.
Reasons ending_users(const CardUsers& users, const ProcessTable& processes);

/// The reasons that there may be more users: /proc does not show all processes, or some of them
/// cannot be looked into. Empty when all could be looked into.
Reasons unseen_users(const CardUsers& users);

}  // namespace cluster::agent
