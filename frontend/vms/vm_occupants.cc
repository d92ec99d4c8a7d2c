#include "frontend/vms/vm_occupants.h"

#include <set>

#include "core/text.h"
#include "frontend/vms/vm_batch.h"

namespace cluster::frontend {
namespace {

// "rocks-33 with gpupci1, gpupci2"
std::string with_cards(const Vm& vm) {
  std::vector<std::string> devices;
  for (const auto& card : vm.gpus) devices.push_back(card.gpu.str());
  for (const auto& slice : vm.slices) devices.push_back(slice.device);
  return vm.name.str() + (devices.empty() ? "" : " with " + joined(devices, ", "));
}

}  // namespace

std::vector<std::string> who_runs(Context& context, const std::vector<Host>& hosts) {
  std::set<HostName> asked;
  OnlyHosts names{std::in_place};
  for (const auto& host : hosts) {
    asked.insert(host.name);
    names->push_back(host.name);
  }
  auto vms = context.inventory().vms(names);
  std::erase_if(vms, [&](const Vm& vm) { return !asked.contains(vm.container); });
  std::vector<std::string> lines;
  if (vms.empty()) return lines;
  for (const auto& there : look_at(context, vms, {}, Look::domains)) {
    const auto& host = there.host.name.str();
    if (there.failure) {
      std::vector<std::string> known;
      for (const auto& task : there.tasks) known.push_back(with_cards(task.vm));
      lines.push_back(host + ": not known whether its VMs run (" + joined(known, "; ") +
                      "): " + there.failure->what());
      continue;
    }
    for (const auto& task : there.tasks) {
      if (task.domain && task.domain->active)
        lines.push_back(host + ": runs VM " + with_cards(task.vm));
    }
  }
  return lines;
}

}  // namespace cluster::frontend
