#include "node-agent/guard/card_users.h"

#include <algorithm>
#include <map>

#include "core/text.h"
#include "node-agent/kernel/kfd.h"
#include "node-agent/kernel/process_table.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// A card that has just appeared is looked at by whoever udev starts for it.
constexpr std::chrono::seconds kJustBegun{5};

using Nodes = std::map<DeviceNumber, std::string>;

void add(const std::vector<DeviceNode>& more, Nodes& nodes) {
  for (const auto& node : more) nodes.emplace(node.number, node.path);
}

Nodes host_nodes(const Card& card, const GuardInput& input) {
  Nodes nodes;
  for (const auto& function : card.functions) {
    add(device_nodes(input.sysfs, input.proc, function.pci), nodes);
  }
  return nodes;
}

Nodes vm_nodes(const Card& card, const GuardInput& input) {
  Nodes nodes;
  for (const auto& function : card.functions) add(vfio_nodes(input.sysfs, function.pci), nodes);
  return nodes;
}

std::set<DeviceNumber> numbers(const Nodes& nodes) {
  std::set<DeviceNumber> all;
  for (const auto& [number, path] : nodes) all.insert(number);
  return all;
}

// What of a node that a process has open is of this card: "/dev/kfd" is of many. Empty for nothing.
std::string part_of(const Card& card, const Sysfs& sysfs, pid_t pid, const std::string& path) {
  if (path != kKfdNode) return path;
  bool told = true;
  for (const auto& function : card.functions) {
    const auto gpu = kfd_gpu(sysfs, function.pci);
    if (!gpu) continue;
    const auto uses = uses_kfd_gpu(sysfs, pid, *gpu);
    if (uses && *uses) return path;
    told = told && uses;
  }
  return told ? "" : path + " (the kernel tells not for which GPU)";
}

// Which of these nodes each process has, "/dev/dri/card0, /dev/dri/renderD128", as far as `part`
// leaves them to it.
template <typename Part>
std::map<pid_t, std::string> by_process(const Handles& handles, const Nodes& nodes, Part part) {
  std::map<pid_t, std::string> paths;
  for (const auto& handle : handles.found) {
    const auto node = nodes.find(handle.number);
    if (node == nodes.end()) continue;
    const std::string path = part(handle.pid, node->second);
    if (path.empty()) continue;
    auto& text = paths[handle.pid];
    text += (text.empty() ? "" : ", ") + path;
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

bool is_passing(const Process& process) {
  // systemd-udevd calls its workers so since systemd 252, and had no name for them before.
  const bool of_udev = process.command == "(udev-worker)" || process.command == "systemd-udevd";
  return of_udev || (process.age && *process.age < kJustBegun);
}

void add_holders(const Card& card, const GuardInput& input, const Handles& handles,
                 const Nodes& nodes, CardUsers& users) {
  const ProcessTable processes(input.proc);
  users.passing = handles.unreadable.empty();
  const auto part = [&](pid_t pid, const std::string& path) {
    return part_of(card, input.sysfs, pid, path);
  };
  for (const auto& [pid, paths] : by_process(handles, nodes, part)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;  // has gone
    users.holders.push_back(name(process) + " has " + paths + " open; " + stop(process));
    users.passing = users.passing && is_passing(process);
  }
  users.passing = users.passing && !users.holders.empty();
}

// Whether a device that a VM has is of the card, or made from it: a virtual function or a mediated
// device.
bool is_of(const Card& card, const std::string& device, const Sysfs& sysfs) {
  std::error_code none;
  const auto parent =
      fs::read_symlink(sysfs.root() / "bus/pci/devices" / device / "physfn", none).filename();
  return std::ranges::any_of(card.functions, [&](const PciFunction& function) {
    const auto pci = function.pci.sysfs();
    return device == pci || parent == pci || fs::exists(sysfs.device_path(function.pci) / device);
  });
}

// By what libvirt says; those in `told` are known already.
template <typename IsOf>
void add_domains(const GuardInput& input, IsOf is_of, const std::set<std::string>& told,
                 Culprits& culprits) {
  if (!input.vm_devices) return;
  std::map<std::string, std::vector<std::string>> devices;
  for (auto& one : input.vm_devices()) {
    if (!told.contains(one.vm) && is_of(one.device)) {
      devices[one.vm].push_back(std::move(one.device));
    }
  }
  for (const auto& [vm, has] : devices) {
    culprits.push_back("VM " + quote(vm) + " runs with it (libvirt says " + joined(has, ", ") +
                       "); virsh shutdown " + shell_word(vm));
  }
}

// Who has these nodes of vfio, or a device that `is_of` takes for the one that is meant.
template <typename IsOf>
Culprits vms(const GuardInput& input, const Handles& handles, const Nodes& nodes, IsOf is_of) {
  const ProcessTable processes(input.proc);
  std::set<std::string> told;
  Culprits culprits;
  const auto all = [](pid_t, const std::string& path) { return path; };
  for (const auto& [pid, paths] : by_process(handles, nodes, all)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;
    const auto vm = processes.vm_name(pid);
    told.insert(vm);
    culprits.push_back(vm.empty()
                           ? name(process) + " has " + paths + " open; " + stop(process)
                           : "VM " + quote(vm) + " runs with it (process " + std::to_string(pid) +
                                 " has " + paths + " open); virsh shutdown " + shell_word(vm));
  }
  add_domains(input, is_of, told, culprits);
  return culprits;
}

void add_unreadable(const Handles& handles, Culprits& culprits) {
  if (handles.unreadable.empty()) return;
  culprits.push_back(std::to_string(handles.unreadable.size()) +
                     " processes cannot be looked into, process " +
                     std::to_string(*handles.unreadable.begin()) +
                     " for one: any of them may use it; run gpupci as root");
}

template <typename IsOf>
Culprits vms_with(const Nodes& nodes, const GuardInput& input, IsOf is_of) {
  const auto handles = ProcessTable(input.proc).find(numbers(nodes));
  auto culprits = vms(input, handles, nodes, is_of);
  add_unreadable(handles, culprits);
  return culprits;
}

}  // namespace

CardUsers card_users(const Card& card, const GuardInput& input) {
  const auto on_host = host_nodes(card, input);
  const auto in_vm = vm_nodes(card, input);
  auto wanted = numbers(on_host);
  wanted.merge(numbers(in_vm));
  const auto handles = ProcessTable(input.proc).find(wanted);
  const auto of_card = [&](const auto& device) { return is_of(card, device, input.sysfs); };
  CardUsers users{.vms = vms(input, handles, in_vm, of_card), .holders = {}};
  add_holders(card, input, handles, on_host, users);
  add_unreadable(handles, users.holders);
  return users;
}

Culprits card_vms(const Card& card, const GuardInput& input) {
  return vms_with(vm_nodes(card, input), input,
                  [&](const auto& device) { return is_of(card, device, input.sysfs); });
}

Culprits device_vms(const fs::path& device, const GuardInput& input) {
  Nodes nodes;
  add(vfio_nodes(input.sysfs, device), nodes);
  return vms_with(nodes, input, [&](const auto& one) { return one == device.filename(); });
}

}  // namespace cluster::agent
