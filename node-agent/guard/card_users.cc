#include "node-agent/guard/card_users.h"

#include <utility>

#include "core/text.h"

namespace cluster::agent {
namespace {

void add(const std::vector<DeviceNode>& more, NodePaths& nodes) {
  for (const auto& node : more) nodes.emplace(node.number, node.path);
}

CardUsers look(NodePaths on_host, NodePaths in_vm, const GuardInput& input) {
  std::set<DeviceNumber> wanted;
  for (const auto* nodes : {&on_host, &in_vm}) {
    for (const auto& [number, path] : *nodes) wanted.insert(number);
  }
  return {.on_host = std::move(on_host),
          .in_vm = std::move(in_vm),
          .handles = ProcessTable(input.proc).find(wanted)};
}

}  // namespace

CardUsers card_users(const Card& card, const GuardInput& input) {
  NodePaths on_host;
  NodePaths in_vm;
  for (const auto& function : card.functions) {
    add(device_nodes(input.sysfs, input.proc, function.pci), on_host);
    add(vfio_nodes(input.sysfs, function.pci), in_vm);
  }
  return look(std::move(on_host), std::move(in_vm), input);
}

CardUsers device_users(const std::filesystem::path& device, const GuardInput& input) {
  NodePaths in_vm;
  add(vfio_nodes(input.sysfs, device), in_vm);
  return look({}, std::move(in_vm), input);
}

std::map<pid_t, std::string> nodes_by_process(const Handles& handles, const NodePaths& nodes,
                                              const NodePart& part) {
  std::map<pid_t, std::string> paths;
  for (const auto& handle : handles.found) {
    const auto node = nodes.find(handle.number);
    if (node == nodes.end()) continue;
    const auto path = part ? part(handle.pid, node->second) : node->second;
    if (path.empty()) continue;
    auto& text = paths[handle.pid];
    text += (text.empty() ? "" : ", ") + path;
  }
  return paths;
}

std::string way_to_stop(const Process& process) {
  const auto command = [](const Container& one) {
    return one.stop + " " + name_as_word(one.name) +
           (one.note.empty() ? "" : " (" + printable(one.note) + ")");
  };
  if (process.container) return command(*process.container);
  if (!process.service.empty()) return "systemctl stop " + name_as_word(process.service);
  const auto kill = "stop it (kill " + std::to_string(process.pid) + ")";
  return process.login ? kill + ", or " + command(*process.login) : kill;
}

std::string described(const Process& process) {
  auto who = "process " + std::to_string(process.pid) + " (" + quoted_name(process.command);
  if (const auto& box = process.container) {
    const auto& inner = process.inner_service;
    who += ", " + (inner.empty() ? "" : quoted_name(inner) + " ") + "in " + box->kind + " " +
           quoted_name(box->name);
  } else if (!process.service.empty()) {
    who += ", " + quoted_name(process.service);
  } else if (process.login) {
    who += ", " + process.login->kind + " " + quoted_name(process.login->name);
  }
  return who + ")";
}

Reason has_open(const Process& process, const std::string& paths) {
  return {.what = described(process) + " has " + paths + " open", .fix = way_to_stop(process)};
}

Reasons unreadable_processes(const Handles& handles) {
  if (handles.unreadable.empty()) return {};
  return {{.what = std::to_string(handles.unreadable.size()) +
                   " processes cannot be looked into, process " +
                   std::to_string(*handles.unreadable.begin()) + " for one: any of them may use it",
           .needs_root = true}};
}

}  // namespace cluster::agent
