#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>

#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/guard/kernel_users.h"
#include "node-agent/kernel/display.h"
#include "node-agent/kernel/kfd.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

// udev starts programs that look at a card that has just appeared.
constexpr std::chrono::seconds kJustBegun{5};

// "/dev/kfd" belongs to many GPUs: it counts for a process that uses one of this card, or of which
// the kernel does not tell.
std::string kfd_words(const Subject& subject, pid_t pid, const std::string& path) {
  bool known = true;
  for (const auto& function : subject.card.functions) {
    for (const auto& gpu : kfd_gpus(subject.input.sysfs, function.pci)) {
      const auto uses = uses_kfd_gpu(subject.input.sysfs, pid, gpu.id);
      if (uses && *uses) return path;
      known = known && uses;
    }
  }
  return known ? "" : path + " (the kernel tells not for which GPU)";
}

// A node by its number alone. sysfs may tell that it belongs to a function of another card.
std::string unplaced_words(const Subject& subject, const DeviceNumber& number) {
  const auto text = std::to_string(number.major) + ":" + std::to_string(number.minor);
  const auto folder = subject.input.sysfs.root() / "dev/char" / text;
  const auto pci = pci_parent(folder);
  if (pci && !has(subject.card, *pci)) return "";
  const auto node = node_in(folder);
  auto path = node ? node->path : "character device " + text;
  for (const auto& range : subject.users().ranges) {
    if (!node && range.major == number.major) path += " of " + quoted_name(range.name);
  }
  return path + " (the kernel tells not for which card)";
}

std::string words(const Subject& subject, pid_t pid, const DeviceNumber& number) {
  const auto& nodes = subject.users().on_host;
  const auto node = nodes.find(number);
  if (node == nodes.end()) return unplaced_words(subject, number);
  return node->second == kKfdNode ? kfd_words(subject, pid, node->second) : node->second;
}

// "Node:      1", "Status:    online" and "Address:   42000000000" while the memory of a card is
// memory of the host, as on Grace Hopper: any program may have pages there, and the driver waits
// for them (kernel-open/nvidia/nv-procfs.c of NVIDIA's open modules). It stays so without a program
// while persistence is on. Without an address the driver has not begun, and the rest means nothing.
void add_node_of_memory(const Subject& subject, Reasons& reasons) {
  for (const auto& function : subject.card.functions) {
    if (function.driver != "nvidia") continue;
    const auto file =
        subject.input.proc / "driver/nvidia/gpus" / function.pci.sysfs() / "numa_status";
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown)) continue;
    const auto text = timed_read(file).value_or("");  // waits for a lock of the driver
    std::map<std::string_view, std::string_view> told;
    for (const auto line : split(text, '\n')) {
      const auto colon = line.find(':');
      if (colon != std::string_view::npos) {
        told[line.substr(0, colon)] = trim(line.substr(colon + 1));
      }
    }
    const auto status = told["Status"];
    if (!told.contains("Address") || status == "offline" || status == "disabled") continue;
    reasons.push_back({.what = "the memory of " + function.pci.sysfs() +
                               " is the host's (NUMA node " + printable(told["Node"]) + ", " +
                               printable(status) + "): any program may have some of it",
                       .fix = "nvidia-smi -pm 0 -i " + function.pci.sysfs() +
                              ", and end what uses that node (numastat -p)"});
  }
}

bool is_passing(const Process& process) {
  // Since systemd 252 systemd-udevd gives this name to its workers; before, they had no name of
  // their own.
  const bool of_udev = process.command == "(udev-worker)" || process.command == "systemd-udevd";
  return of_udev || (process.age && *process.age < kJustBegun);
}

// A process has one of the device nodes open or mapped: the unbind could hang.
Reasons probe_holder(const Subject& subject) {
  const auto& users = subject.users();
  const ProcessTable processes(subject.input.proc);
  Reasons reasons;
  const auto said = [&](pid_t pid, const DeviceNumber& number) {
    return words(subject, pid, number);
  };
  for (const auto& [pid, paths] : held_on_host(users, said)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;  // has gone
    auto reason = has_open(process, paths);
    reason.passing = is_passing(process);
    reasons.push_back(std::move(reason));
  }
  std::ranges::move(unseen_users(users), std::back_inserter(reasons));
  std::ranges::move(files_under_way(users, processes), std::back_inserter(reasons));
  std::ranges::move(ending_users(users, processes), std::back_inserter(reasons));
  add_node_of_memory(subject, reasons);
  std::ranges::move(kernel_users(subject), std::back_inserter(reasons));
  return reasons;
}

}  // namespace

constinit const Guard kHolderGuard{
    .name = "holder",
    .help =
        "a process has a device node of it open or mapped: DRM, `/dev/nvidiaN` and its MIG "
        "slices, NVSwitch, `/dev/kfd`, ALSA, NVMe, I2C, video, USB and what is plugged in; or a "
        "region or a buffer of it; or an open file of which the kernel tells nothing waits in a "
        "socket, or is of a program that does not come to its end; or the kernel has made its "
        "memory the host's, or uses its DMA channels or ciphers, or tells nothing of its driver "
        "but "
        "that it is in use",
    .probe = probe_holder,
    .of_neighbours = true,
    .at_boot = AtBoot::nothing,
    .for_vms_alone = false,
    .of_programs = true};

}  // namespace cluster::agent
