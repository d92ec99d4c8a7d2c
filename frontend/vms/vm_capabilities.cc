#include "frontend/vms/vm_capabilities.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/text.h"
#include "frontend/hosts/aside.h"

namespace cluster::frontend {
namespace {

// What is asked for beyond `there`, which libvirt has taken already; "" = there is none yet.
std::vector<std::string> missing_in(const virt::DomainCapabilities& told,
                                    const virt::DomainWishes& asked, const std::string& there) {
  auto missing = told.lacking(asked);
  if (missing.empty() || there.empty()) return missing;
  const auto taken = told.lacking(there);
  std::erase_if(missing,
                [&](const auto& one) { return std::ranges::find(taken, one) != taken.end(); });
  return missing;
}

Error lacks(const Vm& vm, const std::string& what, const std::string& when) {
  return {Fault::refused, "VM " + quote(vm.name.str()) + ": V17: libvirt and QEMU on " +
                              quote(vm.container.str()) + " have " + what + when +
                              ": take what they have, or install what is missing there"};
}

// What one container told of its machines, by their texts: before, and in this run.
struct Told {
  KnownCapabilities::Machines before;
  std::map<std::string, virt::DomainCapabilities> now;
};

void check(VmHost& there, Told& told, const VmTask& task) {
  const auto asked = virt::wishes_of(task.xml);
  const auto key = asked.machine.text();
  const auto there_now = task.domain ? task.domain->xml : std::string();
  if (!told.now.contains(key)) {
    const auto known = told.before.find(key);
    const bool holds = known != told.before.end() && known->second.libvirt == there.version &&
                       missing_in(known->second.capabilities, asked, there_now).empty();
    if (holds) return;
    told.now[key] = there.domains->capabilities(asked.machine);
  }
  const auto missing = missing_in(told.now[key], asked, there_now);
  if (!missing.empty()) throw lacks(task.vm, joined(missing, ", "), "");
}

// Reads the texts of the inventory once, as many VMs ask for the same machine.
std::map<HostName, KnownCapabilities::Machines> known_machines(Inventory& inventory,
                                                               const OnlyHosts& containers) {
  std::map<HostName, KnownCapabilities::Machines> all;
  for (const auto& [host, known] : inventory.known_machines(containers)) {
    all[host].insert_or_assign(
        known.machine,
        KnownCapabilities::Machine{known.libvirt, virt::DomainCapabilities::parse(known.facts)});
  }
  return all;
}

}  // namespace

void check_capabilities(Context& context, VmBatch& all) {
  auto& inventory = context.inventory();
  OnlyHosts names{std::in_place};
  for (const auto& there : all) names->push_back(there.host.name);
  std::map<HostName, Told> told;
  for (const auto& name : *names) told[name];
  for (auto& [host, machines] : known_machines(inventory, names)) {
    told[host].before = std::move(machines);
  }
  on_each(context, all, [&](VmHost& there) {
    for (auto& task : there.tasks) {
      if (task.failure || task.xml.empty()) continue;
      try {
        check(there, told.at(there.host.name), task);
      } catch (const Error& error) {
        if (error.fault() == Fault::unreachable) throw;
        if (error.fault() == Fault::refused) task.failure = error;
      }
    }
  });
  const auto is_news = [](const auto& one) { return !one.second.now.empty(); };
  if (std::ranges::none_of(told, is_news)) return;
  std::map<HostName, unsigned long> versions;
  for (const auto& there : all) versions[there.host.name] = there.version;
  // Who may not keep it asks again the next time.
  store_aside(inventory, "check what a host has", [&] {
    for (const auto& [host, of_host] : told) {
      for (const auto& [machine, capabilities] : of_host.now) {
        inventory.know_machine(host, {machine, versions.at(host), capabilities.text()});
      }
    }
  });
}

KnownCapabilities::KnownCapabilities(Inventory& inventory, const std::vector<Vm>& vms) {
  std::set<HostName> containers;
  for (const auto& vm : vms) containers.insert(vm.container);
  machines_ = known_machines(inventory, OnlyHosts{{containers.begin(), containers.end()}});
}

void KnownCapabilities::check(const Vm& vm, const std::string& document,
                              const std::string& there) const {
  const auto of_host = machines_.find(vm.container);
  if (of_host == machines_.end()) return;
  const auto asked = virt::wishes_of(document);
  const auto known = of_host->second.find(asked.machine.text());
  if (known == of_host->second.end()) return;
  const auto missing = missing_in(known->second.capabilities, asked, there);
  if (!missing.empty()) throw lacks(vm, joined(missing, ", "), ", when they were asked last");
}

}  // namespace cluster::frontend
