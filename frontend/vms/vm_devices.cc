#include "frontend/vms/vm_devices.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/vms/difference_words.h"
#include "virt/domain_merge.h"
#include "virt/domain_reading.h"

namespace cluster::frontend {
namespace {

// The devices that the inventory gives to `vm`, all functions of its cards.
std::set<std::string> given_to(const Vm& vm, const std::vector<GpuCard>& cards) {
  std::set<std::string> devices;
  for (const auto& held : vm.gpus) {
    devices.insert(held.pci.libvirt());
    const auto card = std::ranges::find(cards, held.gpu, &GpuCard::name);
    if (card == cards.end()) continue;
    for (const auto& function : card->functions) devices.insert(function.pci.libvirt());
  }
  for (const auto& held : vm.slices) devices.insert(held.pci ? held.pci->libvirt() : held.device);
  return devices;
}

// What the inventory knows of the VMs on some containers.
struct Known {
  std::vector<Vm> vms;
  std::map<HostName, VmAgreement> agreements;
  std::map<HostName, std::vector<GpuCard>> cards;
};

Known known_of(Inventory& inventory, const std::vector<HostName>& hosts) {
  Known known;
  known.vms = inventory.vms(OnlyHosts{hosts});
  known.agreements = inventory.vm_agreements(vm_names(known.vms));
  auto devices = inventory.devices(hosts);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    known.cards.emplace(hosts[i], std::move(devices[i].cards));
  }
  return known;
}

// Leaves of `one`, on `host`, what the inventory does not give.
void take_out_given(const Known& known, const HostName& host, DomainDevices& one) {
  const auto vm = std::ranges::find_if(
      known.vms, [&](const Vm& each) { return each.uuid == one.uuid && each.container == host; });
  if (vm == known.vms.end()) return;
  auto given = given_to(*vm, known.cards.at(host));
  const auto agreed = known.agreements.find(vm->name);
  if (agreed != known.agreements.end() && agreed->second.uuid == vm->uuid) {
    for (auto& device : virt::given_devices(agreed->second.rendered)) given.insert(device);
  }
  std::erase_if(one.devices, [&](const std::string& device) { return given.contains(device); });
}

}  // namespace

void remember_devices(Context& context, const VmBatch& all) {
  auto& inventory = context.inventory();
  std::vector<HostName> hosts;
  for (const auto& there : all) {
    if (!there.failure) hosts.push_back(there.host.name);
  }
  const auto before = inventory.domain_devices(OnlyHosts{hosts});
  std::erase_if(hosts, [&](const HostName& host) {
    const auto there =
        std::ranges::find(all, host, [](const VmHost& one) { return one.host.name; });
    return there->devices.empty() && !before.contains(host);
  });
  if (hosts.empty()) return;
  inventory.together("discover host vm", [&] {
    const auto known = known_of(inventory, hosts);
    const auto now = utc_now();
    std::map<HostName, std::vector<DomainDevices>> seen;
    for (const auto& there : all) {
      if (std::ranges::find(hosts, there.host.name) == hosts.end()) continue;
      auto& domains = seen[there.host.name];
      for (auto one : there.devices) {
        take_out_given(known, there.host.name, one);
        one.seen = now;
        if (!one.devices.empty()) domains.push_back(std::move(one));
      }
    }
    inventory.store_domain_devices(seen);
  });
}

void look_at_running(Context& context, VmBatch& all) {
  on_each(context, all, [](VmHost& there) {
    std::vector<std::string> uuids;
    for (const auto& task : there.tasks) {
      if (task.domain && task.domain->active) uuids.push_back(task.domain->uuid);
    }
    for (const auto& domain : there.found) {
      if (domain.active) uuids.push_back(domain.uuid);
    }
    if (uuids.empty()) return;
    auto documents = there.domains->running_documents(uuids);
    for (std::size_t i = 0; i < uuids.size(); ++i) {
      if (!documents[i].empty()) there.running[uuids[i]] = std::move(documents[i]);
    }
  });
}

std::optional<std::string> plugged_in(const VmHost& there, const virt::Domain& domain) {
  const auto running = there.running.find(domain.uuid);
  if (running == there.running.end()) return {};
  std::vector<std::string> names;
  for (const auto& path : virt::only_running(running->second, domain.xml)) {
    names.push_back(path_words(path));
  }
  if (names.empty()) return {};
  return "runs with " + joined(names, ", ") +
         ", which its configuration does not have: that goes when it stops";
}

std::vector<std::string> shared_cards(Inventory& inventory, const VmBatch& all) {
  std::vector<HostName> hosts;
  for (const auto& there : all) {
    if (!there.failure && !there.devices.empty()) hosts.push_back(there.host.name);
  }
  std::vector<std::string> lines;
  const auto devices = inventory.devices(hosts);
  for (const auto& there : all) {
    const auto at = std::ranges::find(hosts, there.host.name);
    if (at == hosts.end()) continue;
    const auto& elsewhere = devices[static_cast<std::size_t>(at - hosts.begin())].elsewhere;
    for (const auto& task : there.tasks) {
      if (!is_to_start(task)) continue;
      for (const auto& held : task.vm.gpus) {
        const auto other = std::ranges::find_if(elsewhere, [&](const CardElsewhere& one) {
          return one.gpu == held.gpu && one.uuid != task.vm.uuid;
        });
        if (other == elsewhere.end()) continue;
        lines.push_back("VM " + quote(task.vm.name.str()) + ": " + held.gpu.str() + " of " +
                        there.host.name.str() + " is in " + quote(other->domain) +
                        " of libvirt there as well: only one of them can run");
      }
    }
  }
  return lines;
}

}  // namespace cluster::frontend
