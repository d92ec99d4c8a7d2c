#include "frontend/vms/vm_removal.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "virt/domain_merge.h"
#include "virt/domain_reading.h"

namespace cluster::frontend {
namespace {

// The container and the one VM that was asked for.
VmHost& host_of(VmBatch& all) { return all.front(); }
VmTask& task_of(VmBatch& all) { return all.front().tasks.front(); }

// The failures of a look, unless the operator wants to go on without an answer.
Removed unanswered(const VmBatch& all, const Vm& vm, const Removal& how) {
  Removed removed;
  auto failures = failures_of(all);
  if (failures.empty()) return removed;
  const auto& container = vm.container.str();
  if (how.force && !how.undefine) {
    removed.notes.push_back("whether " + vm.name.str() + " runs on " + container +
                            " is not known; if it does, it goes on with all that it has");
  } else {
    removed.failures = std::move(failures);
    removed.notes.push_back("whether " + vm.name.str() + " runs on " + container + " is not known" +
                            (how.undefine ? "" : " (force=yes does it all the same)"));
  }
  return removed;
}

// The addresses of a card or slice on the container, as libvirt names them; all functions.
std::vector<std::string> devices_of(Inventory& inventory, const Vm& vm, const GpuName& name) {
  std::vector<std::string> devices;
  const auto card = std::ranges::find(vm.gpus, name, &VmGpu::name);
  if (card != vm.gpus.end()) {
    devices.push_back(card->pci.sysfs());
    for (const auto& one : inventory.gpu_cards(vm.container)) {
      if (one.name != card->gpu) continue;
      for (const auto& function : one.functions) devices.push_back(function.pci.sysfs());
    }
  }
  const auto slice = std::ranges::find(vm.slices, name, &VmSlice::name);
  if (slice != vm.slices.end()) {
    devices.push_back(slice->pci ? slice->pci->sysfs() : slice->device);
  }
  return devices;
}

}  // namespace

Removed let_go(Context& context, const Vm& vm, const Removal& how, const ssh::Limits& limits) {
  auto all = look_for(context, vm, limits, Look::domains);
  auto removed = unanswered(all, vm, how);
  auto& domain = task_of(all).domain;
  if (!removed.notes.empty() || !domain) return removed;
  const auto& name = vm.name.str();
  const auto& container = vm.container.str();
  const std::string stop = "first `cluster stop host vm " + name + "`";
  if (domain->active && how.undefine) {
    throw Error(Fault::refused, "VM " + quote(name) + " runs on host " + quote(container) + ": " +
                                    stop + ", as libvirt forgets no VM that runs");
  }
  if (domain->active && !how.force) {
    throw Error(Fault::refused, "VM " + quote(name) + " runs on host " + quote(container) + ": " +
                                    stop + " (force=yes forgets it and leaves it running)");
  }
  if (how.undefine) {
    on_each_vm(context, all,
               [](virt::Domains& domains, VmTask& task) { domains.undefine(task.vm.uuid); });
    removed.failures = failures_of(all);
  } else {
    auto devices = virt::given_devices(domain->xml);
    if (!devices.empty()) {
      removed.devices.push_back({domain->uuid, domain->name, std::move(devices), utc_now()});
    }
    removed.notes.push_back(name + " stays on " + container + (domain->active ? ", running" : "") +
                            ": libvirt there still has it (`" +
                            virt::undefine_words(domain->xml, domain->name) + "`)");
  }
  return removed;
}

void forget(Inventory& inventory, const Vm& vm, const Removed& removed) {
  inventory.together("remove host vm", [&] {
    inventory.remove_vm(vm.name);
    auto known = inventory.domain_devices(OnlyHosts{{vm.container}});
    auto& there = known[vm.container];
    const auto before = there;
    std::erase_if(there, [&](const DomainDevices& one) { return one.uuid == vm.uuid; });
    there.insert(there.end(), removed.devices.begin(), removed.devices.end());
    if (there != before) inventory.store_domain_devices(known);
  });
}

Removed let_go_of_card(Context& context, const Vm& vm, const GpuName& name, const Removal& how,
                       const ssh::Limits& limits) {
  const auto devices = devices_of(context.inventory(), vm, name);
  if (devices.empty()) return {};  // the inventory refuses it
  auto all = look_for(context, vm, limits, Look::everything);
  auto removed = unanswered(all, vm, how);
  if (!removed.notes.empty()) return removed;
  const auto& domain = task_of(all).domain;
  const auto& in_use = host_of(all).in_use;
  const bool has_it = std::ranges::any_of(in_use, [&](const virt::VmDevice& used) {
    return domain && used.vm == domain->name &&
           std::ranges::find(devices, used.device) != devices.end();
  });
  if (!domain || !domain->active || !has_it) return removed;
  const auto words = "VM " + quote(vm.name.str()) + " runs on host " + quote(vm.container.str()) +
                     " with " + name.str();
  if (!how.force) {
    throw Error(Fault::refused, words + ": first `cluster stop host vm " + vm.name.str() +
                                    "` (force=yes takes it from the inventory alone)");
  }
  removed.notes.push_back(words + ", and keeps it until it is stopped");
  return removed;
}

}  // namespace cluster::frontend
