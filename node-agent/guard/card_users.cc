#include "node-agent/guard/card_users.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/text.h"
#include "node-agent/kernel/driver_nodes.h"

namespace cluster::agent {
namespace {

void add(const std::vector<DeviceNode>& more, NodePaths& nodes) {
  for (const auto& node : more) nodes.emplace(node.number, node.path);
}

// The drivers that may have exported a buffer of the function: its own, by the name of the module,
// and the core of DRM for all drivers of DRM (drivers/gpu/drm/drm_prime.c).
void add_exporters(const Sysfs& sysfs, const PciFunction& function,
                   const std::vector<DeviceNode>& nodes, std::set<std::string>& exporters) {
  if (!function.driver || function.driver->find("vfio") != std::string::npos) return;
  std::error_code none;
  const auto link = sysfs.driver_path(*function.driver) / "module";
  const auto module = std::filesystem::read_symlink(link, none).filename().native();
  exporters.insert(*function.driver);
  if (!module.empty()) exporters.insert(module);
  if (function.driver == "nvidia") exporters.insert({"nvidia_drm", "nvidia-drm", "nvidia_uvm"});
  if (std::ranges::any_of(nodes, [](auto& node) { return node.path.starts_with("/dev/dri/"); })) {
    exporters.insert("drm");
  }
}

CardUsers look(CardUsers users, Wanted wanted, const GuardInput& input) {
  wanted.sysfs = input.sysfs.root();
  wanted.ranges = users.ranges;
  for (const auto* nodes : {&users.on_host, &users.in_vm}) {
    wanted.nodes.insert(nodes->begin(), nodes->end());
  }
  for (const auto& [number, path] : users.in_vm) wanted.vfio_majors.insert(number.major);
  users.handles = ProcessTable(input.proc).find(wanted);
  users.blind = blind_spot(input.proc);
  return users;
}

// Services that a host does not go on without, and what to do instead of stopping one of them.
// logind has the displays and keyboards of each session open, and hands them to its programs.
struct Needed {
  std::string_view service;
  std::string_view way_out;
};
constexpr std::string_view kWait = "try again: it lets go by itself, or the host needs a reboot";
constexpr std::array kNeeded{
    Needed{"systemd-logind.service",
           "end the session that uses it (loginctl names them), or "
           "systemctl isolate multi-user.target"},
    Needed{"systemd-udevd.service", kWait},
    Needed{"dbus.service", kWait},
    Needed{"dbus-broker.service", kWait},
};

// systemd leaves the programs of these services when it stops them (KillMode=process of their
// units), or there would be no ssh and no job when one of them is restarted.
bool keeps_its_programs(const Process& process) {
  constexpr std::array<std::string_view, 10> kDaemons{
      "ssh",    "sshd",       "cron",   "crond",    "atd",
      "slurmd", "containerd", "docker", "libvirtd", "virtqemud"};
  const std::string_view service = process.service;
  const auto name = service.substr(0, service.find_first_of("@."));
  return process.command != name && std::ranges::find(kDaemons, name) != kDaemons.end();
}

void say(HeldByProcess& held, pid_t pid, const std::string& words) {
  if (words.empty()) return;
  auto& text = held[pid];
  text += (text.empty() ? "" : ", ") + words;
}

}  // namespace

CardUsers card_users(const Card& card, const GuardInput& input) {
  CardUsers users;
  Wanted wanted;
  for (const auto& function : card.functions) {
    const auto nodes = device_nodes(input.sysfs, input.proc, function.pci);
    add(nodes, users.on_host);
    add(vfio_nodes(input.sysfs, function.pci), users.in_vm);
    std::ranges::move(unplaced_nodes(input.sysfs, input.proc, function.pci, nodes),
                      std::back_inserter(users.ranges));
    add_exporters(input.sysfs, function, nodes, wanted.exporters);
    wanted.devices.push_back(function.pci.sysfs());
    for (const auto& [number, slice] : input.sysfs.virtual_functions(function.pci)) {
      wanted.devices.push_back(slice.sysfs());
      add(device_nodes(input.sysfs, input.proc, slice), users.on_host);
    }
  }
  return look(std::move(users), std::move(wanted), input);
}

CardUsers device_users(const std::filesystem::path& device, const GuardInput& input) {
  CardUsers users;
  add(vfio_nodes(input.sysfs, device), users.in_vm);
  return look(std::move(users), {.devices = {device.filename()}}, input);
}

HeldByProcess held_on_host(const CardUsers& users, const NodeWords& words) {
  HeldByProcess held;
  for (const auto& handle : users.handles.found) {
    if (handle.of_vfio || users.in_vm.contains(handle.number)) continue;
    say(held, handle.pid, handle.thing.empty() ? words(handle.pid, handle.number) : handle.thing);
  }
  return held;
}

HeldByProcess held_by_vfio(const CardUsers& users) {
  HeldByProcess held;
  for (const auto& handle : users.handles.found) {
    const auto node = users.in_vm.find(handle.number);
    if (handle.of_vfio) say(held, handle.pid, handle.thing);
    if (node != users.in_vm.end()) say(held, handle.pid, node->second);
  }
  return held;
}

std::string way_to_stop(const Process& process) {
  const auto command = [](const Container& one) {
    return one.stop + " " + name_as_word(one.name) +
           (one.note.empty() ? "" : " (" + printable(one.note) + ")");
  };
  if (process.pid == 1) {
    return "nothing stops it: turn off what it does with that (RuntimeWatchdogSec= for a watchdog, "
           "then systemctl daemon-reexec)";
  }
  if (process.container) return command(*process.container);
  for (const auto& one : kNeeded) {
    if (process.service == one.service) return std::string(one.way_out);
  }
  if (!process.service.empty() && !keeps_its_programs(process)) {
    return "systemctl stop " + name_as_word(process.service);
  }
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

Reasons files_under_way(const CardUsers& users, const ProcessTable& processes) {
  Reasons reasons;
  for (const auto pid : users.handles.handed_over) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;  // has gone
    reasons.push_back({.what = described(process) +
                               " has a socket in which an open file waits to be taken up "
                               "(SCM_RIGHTS; the kernel tells not of what): it may be the card's",
                       .fix = way_to_stop(process),
                       .passing = true});
  }
  return reasons;
}

Reasons ending_users(const CardUsers& users, const ProcessTable& processes) {
  std::vector<Process> ending;
  for (const auto pid : users.handles.ending) {
    auto process = processes.describe(pid);
    if (!process.command.empty()) ending.push_back(std::move(process));
  }
  if (ending.empty()) return {};
  const auto pid = std::to_string(ending.front().pid);
  const auto more = ending.size() > 1 ? " and " + std::to_string(ending.size() - 1) + " others are"
                                      : std::string(" is");
  return {{.what = described(ending.front()) + more +
                   " ending, and the kernel does not show what is still open: it may be this",
           .fix = "wait until it has gone; when it stays, cat /proc/" + pid +
                  "/stack tells what it waits for",
           .passing = true}};
}

Reasons unseen_users(const CardUsers& users) {
  Reasons reasons;
  if (!users.blind.what.empty()) {
    reasons.push_back({.what = users.blind.what, .fix = users.blind.fix});
  }
  const auto& silent = users.handles.silent;
  if (!silent.empty()) {
    const auto pid = std::to_string(*silent.begin());
    const auto more =
        silent.size() > 1 ? " and " + std::to_string(silent.size() - 1) + " others" : std::string();
    reasons.push_back({.what = "process " + pid + more +
                               " cannot be looked into, as the kernel "
                               "does not answer: it may use it",
                       .fix = "cat /proc/" + pid + "/stack tells what it waits for"});
  }
  const auto unreadable = users.handles.unreadable.size() - silent.size();
  if (unreadable == 0) return reasons;
  const auto one = std::ranges::find_if(users.handles.unreadable,
                                        [&](pid_t pid) { return !silent.contains(pid); });
  reasons.push_back({.what = std::to_string(unreadable) + " processes cannot be looked into, " +
                             "process " + std::to_string(*one) + " for one: any of them may use it",
                     .needs_root = true});
  return reasons;
}

}  // namespace cluster::agent
