#include "node-agent/card_users.h"

#include <map>

#include "core/text.h"
#include "node-agent/process_table.h"

namespace cluster::agent {
namespace {

using Nodes = std::map<DeviceNumber, std::string>;

void add(const std::vector<DeviceNode>& more, Nodes& nodes) {
  for (const auto& node : more) nodes.emplace(node.number, node.path);
}

Nodes host_nodes(const Card& card, const Ground& ground) {
  Nodes nodes;
  for (const auto& function : card.functions) {
    add(device_nodes(ground.sysfs, ground.proc, function.pci), nodes);
  }
  return nodes;
}

Nodes vm_nodes(const Card& card, const Ground& ground) {
  Nodes nodes;
  for (const auto& function : card.functions) add(vfio_nodes(ground.sysfs, function.pci), nodes);
  return nodes;
}

std::set<DeviceNumber> numbers(const Nodes& nodes) {
  std::set<DeviceNumber> all;
  for (const auto& [number, path] : nodes) all.insert(number);
  return all;
}

// Which of these nodes each process has, "/dev/dri/card0, /dev/dri/renderD128".
std::map<pid_t, std::string> by_process(const Handles& handles, const Nodes& nodes) {
  std::map<pid_t, std::string> paths;
  for (const auto& handle : handles.found) {
    const auto node = nodes.find(handle.number);
    if (node == nodes.end()) continue;
    auto& text = paths[handle.pid];
    text += (text.empty() ? "" : ", ") + node->second;
  }
  return paths;
}

// A command is what the process says of itself: no control characters on the operator's terminal.
std::string clean(const std::string& text) {
  const auto quoted = quote(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string name(const Process& process) {
  auto text = "process " + std::to_string(process.pid) + " (" + clean(process.command);
  if (!process.service.empty()) text += ", " + clean(process.service);
  return text + ")";
}

std::string stop(const Process& process) {
  return process.service.empty() ? "stop it (kill " + std::to_string(process.pid) + ")"
                                 : "systemctl stop " + shell_word(process.service);
}

Culprits holders(const ProcessTable& processes, const Handles& handles, const Nodes& nodes) {
  Culprits culprits;
  for (const auto& [pid, paths] : by_process(handles, nodes)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;  // has gone
    culprits.push_back(name(process) + " has " + paths + " open; " + stop(process));
  }
  return culprits;
}

Culprits vms(const ProcessTable& processes, const Handles& handles, const Nodes& nodes) {
  Culprits culprits;
  for (const auto& [pid, paths] : by_process(handles, nodes)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;
    const auto vm = processes.vm_name(pid);
    culprits.push_back(vm.empty()
                           ? name(process) + " has " + paths + " open; " + stop(process)
                           : "VM " + quote(vm) + " runs with it (process " + std::to_string(pid) +
                                 " has " + paths + " open); virsh shutdown " + shell_word(vm));
  }
  return culprits;
}

void add_unreadable(const Handles& handles, Culprits& culprits) {
  if (handles.unreadable.empty()) return;
  culprits.push_back(std::to_string(handles.unreadable.size()) +
                     " processes cannot be looked into, process " +
                     std::to_string(*handles.unreadable.begin()) +
                     " for one: any of them may use it; run gpupci as root");
}

Culprits vms_with(const Nodes& nodes, const Ground& ground) {
  const ProcessTable processes(ground.proc);
  const auto handles = processes.find(numbers(nodes));
  auto culprits = vms(processes, handles, nodes);
  add_unreadable(handles, culprits);
  return culprits;
}

}  // namespace

CardUsers card_users(const Card& card, const Ground& ground) {
  const ProcessTable processes(ground.proc);
  const auto on_host = host_nodes(card, ground);
  const auto in_vm = vm_nodes(card, ground);
  auto wanted = numbers(on_host);
  wanted.merge(numbers(in_vm));
  const auto handles = processes.find(wanted);
  CardUsers users{vms(processes, handles, in_vm), holders(processes, handles, on_host)};
  add_unreadable(handles, users.holders);
  return users;
}

Culprits card_vms(const Card& card, const Ground& ground) {
  return vms_with(vm_nodes(card, ground), ground);
}

Culprits device_vms(const std::filesystem::path& device, const Ground& ground) {
  Nodes nodes;
  add(vfio_nodes(ground.sysfs, device), nodes);
  return vms_with(nodes, ground);
}

}  // namespace cluster::agent
