#include "node-agent/guard/vm.h"

#include <algorithm>
#include <functional>

#include "core/text.h"
#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

using IsMeant = std::function<bool(const std::string& device)>;

Reason runs_with_it(const std::string& vm, const std::string& evidence, std::string fix) {
  return {.what = "VM " + quoted_name(vm) + " runs with it (" + evidence + ")",
          .fix = std::move(fix)};
}

std::string by_virsh(const std::string& vm) {
  return std::string(kVirshShutdown) + " " + name_as_word(vm);
}

// Only libvirt's VMs are known to virsh, and only those of Proxmox VE to qm.
Reason runs_with_it(const VmProcess& vm, const Process& process, const std::string& paths) {
  const auto evidence = "process " + std::to_string(process.pid) + " has " + paths + " open";
  if (!vm.id.empty()) {
    const auto name = vm.name.empty() || vm.name == vm.id ? vm.id : vm.id + " " + vm.name;
    return runs_with_it(name, evidence, "qm shutdown " + name_as_word(vm.id));
  }
  auto reason =
      runs_with_it(vm.name, evidence, vm.libvirt ? by_virsh(vm.name) : way_to_stop(process));
  if (vm.libvirt) reason.vm = vm.name;
  return reason;
}

// Adds the VMs that libvirt names. The VMs in `known` were found already.
void add_domains(std::vector<virt::VmDevice> all, const IsMeant& is_meant,
                 const std::set<std::string>& known, Reasons& reasons) {
  std::map<std::string, std::vector<std::string>> devices;
  std::map<std::string, std::vector<std::string>> saved;
  for (auto& one : all) {
    if (known.contains(one.vm) || !is_meant(one.device)) continue;
    (one.saved ? saved : devices)[one.vm].push_back(std::move(one.device));
  }
  for (const auto& [vm, has] : devices) {
    reasons.push_back(runs_with_it(vm, "libvirt says " + joined(has, ", "), by_virsh(vm)));
    reasons.back().vm = vm;
  }
  // Its guest goes on where it was, with a card that is as it was.
  for (const auto& [vm, has] : saved) {
    reasons.push_back(
        {.what =
             "VM " + quoted_name(vm) + " is saved with it (libvirt says " + joined(has, ", ") + ")",
         .fix = "virsh start " + name_as_word(vm) + " and then " + by_virsh(vm) +
                "; or give up its memory: virsh managedsave-remove " + name_as_word(vm),
         .vm = vm});
  }
}

Reasons vms(const CardUsers& users, const GuardInput& input, const IsMeant& is_meant) {
  const ProcessTable processes(input.proc);
  auto domains = input.vm_devices ? input.vm_devices() : std::vector<virt::VmDevice>();
  std::set<std::string> known;
  Reasons reasons;
  for (const auto& [pid, paths] : held_by_vfio(users)) {
    const auto process = processes.describe(pid);
    if (process.command.empty()) continue;
    auto vm = processes.vm(pid);
    const auto& box = process.container;
    vm.libvirt = vm.libvirt || (box && box->stop == kVirshShutdown) ||
                 std::ranges::find(domains, vm.name, &virt::VmDevice::vm) != domains.end();
    known.insert(vm.name);
    reasons.push_back(vm.name.empty() && vm.id.empty() ? has_open(process, paths)
                                                       : runs_with_it(vm, process, paths));
  }
  add_domains(std::move(domains), is_meant, known, reasons);
  if (!users.in_vm.empty()) {
    std::ranges::move(unseen_users(users), std::back_inserter(reasons));
    // libvirt and systemd hand devices of vfio to the programs that they start.
    std::ranges::move(files_under_way(users, processes), std::back_inserter(reasons));
    std::ranges::move(ending_users(users, processes), std::back_inserter(reasons));
  }
  return reasons;
}

// An unbind would wait until the VM ends.
Reasons probe_vm(const Subject& subject) {
  return vms(subject.users(), subject.input, [&](const std::string& device) {
    return is_device_of(subject.card, device, subject.input.sysfs);
  });
}

}  // namespace

constinit const Guard kVmGuard{
    .name = "vm",
    .help =
        "a running or saved VM has the card, a virtual function or a mediated device of it: "
        "libvirt "
        "says so, or a process has its `/dev/vfio/GROUP`, or `/dev/vfio/devices/vfioN` of it or of "
        "its IOMMU group, open. Holds for `-a` too",
    .probe = probe_vm,
    .of_neighbours = false,
    .at_boot = AtBoot::nothing,
    .for_vms_alone = false,
    .not_forced = "a running or saved VM cannot be overridden; shut it down",
    .on_attach = true,
    .of_programs = true};

bool is_device_of(const Card& card, const std::string& device, const Sysfs& sysfs) {
  std::error_code none;
  const auto parent =
      fs::read_symlink(sysfs.root() / "bus/pci/devices" / device / "physfn", none).filename();
  return std::ranges::any_of(card.functions, [&](const PciFunction& function) {
    const auto pci = function.pci.sysfs();
    return device == pci || parent == pci || fs::exists(sysfs.device_path(function.pci) / device);
  });
}

Reasons device_vms(const fs::path& device, const GuardInput& input) {
  auto reasons = vms(device_users(device, input), input,
                     [&](const std::string& one) { return one == device.filename(); });
  for (auto& reason : reasons) reason.id = kVmGuard.name;
  return reasons;
}

}  // namespace cluster::agent
