#include <algorithm>

#include "node-agent/guard/guards.h"
#include "node-agent/kernel/kfd.h"

namespace cluster::agent {
namespace {

// udev starts programs that look at a card that has just appeared.
constexpr std::chrono::seconds kJustBegun{5};

// The part of a node that a process has open and that belongs to this card: "/dev/kfd" belongs to
// many. Empty for none.
std::string part_of(const Card& card, const Sysfs& sysfs, pid_t pid, const std::string& path) {
  if (path != kKfdNode) return path;
  bool known = true;
  for (const auto& function : card.functions) {
    const auto gpu = kfd_gpu(sysfs, function.pci);
    if (!gpu) continue;
    const auto uses = uses_kfd_gpu(sysfs, pid, *gpu);
    if (uses && *uses) return path;
    known = known && uses;
  }
  return known ? "" : path + " (the kernel tells not for which GPU)";
}

bool is_passing(const Process& process) {
  // Since systemd 252 systemd-udevd gives this name to its workers; before, they had no name of
  // their own.
  const bool of_udev = process.command == "(udev-worker)" || process.command == "systemd-udevd";
  return of_udev || (process.age && *process.age < kJustBegun);
}

// A process has one of the device nodes open or mapped: the unbind could hang.
Reasons probe(const Subject& subject) {
  const auto& users = subject.users();
  const ProcessTable processes(subject.input.proc);
  Reasons reasons;
  const auto part = [&](pid_t pid, const std::string& path) {
    return part_of(subject.card, subject.input.sysfs, pid, path);
  };
  for (const auto& [pid, paths] : nodes_by_process(users.handles, users.on_host, part)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;  // has gone
    auto reason = has_open(process, paths);
    reason.passing = is_passing(process);
    reasons.push_back(std::move(reason));
  }
  std::ranges::move(unreadable_processes(users.handles), std::back_inserter(reasons));
  return reasons;
}

}  // namespace

constinit const Guard kHolderGuard{
    .name = "holder",
    .help =
        "a process has a device node of it open or mapped: DRM, `/dev/nvidiaN` and its MIG "
        "slices, `/dev/kfd`, ALSA, NVMe, I2C, USB",
    .probe = probe,
    .of_programs = true};

}  // namespace cluster::agent
