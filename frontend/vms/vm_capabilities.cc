#include "frontend/vms/vm_capabilities.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/text.h"
#include "virt/domain_capabilities.h"

namespace cluster::frontend {
namespace {

// What `document` asks for beyond `there`, which libvirt has taken already; "" = there is none yet.
std::vector<std::string> missing_in(const virt::DomainCapabilities& told,
                                    const std::string& document, const std::string& there) {
  auto missing = told.lacking(document);
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

// What one container told of its machines: before, and in this run.
struct Told {
  std::vector<KnownMachine> before;
  std::map<std::string, virt::DomainCapabilities> now;

  const KnownMachine* find(const std::string& machine) const {
    const auto found = std::ranges::find(before, machine, &KnownMachine::machine);
    return found == before.end() ? nullptr : &*found;
  }
};

void check(VmHost& there, Told& told, const VmTask& task) {
  const auto machine = virt::machine_of(task.xml);
  const auto key = machine.text();
  const auto there_now = task.domain ? task.domain->xml : std::string();
  if (!told.now.contains(key)) {
    const auto* known = told.find(key);
    const bool holds =
        known != nullptr && known->libvirt == there.version &&
        missing_in(virt::DomainCapabilities::parse(known->facts), task.xml, there_now).empty();
    if (holds) return;
    told.now[key] = there.domains->capabilities(machine);
  }
  const auto missing = missing_in(told.now[key], task.xml, there_now);
  if (!missing.empty()) throw lacks(task.vm, joined(missing, ", "), "");
}

}  // namespace

void check_capabilities(Context& context, VmBatch& all) {
  auto& inventory = context.inventory();
  OnlyHosts names{std::in_place};
  for (const auto& there : all) names->push_back(there.host.name);
  std::map<HostName, Told> told;
  for (const auto& name : *names) told[name];
  for (auto& [host, machine] : inventory.known_machines(names)) {
    told[host].before.push_back(std::move(machine));
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
  inventory.together("check what a host has", [&] {
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
  machines_ = inventory.known_machines(OnlyHosts{{containers.begin(), containers.end()}});
}

void KnownCapabilities::check(const Vm& vm, const std::string& document,
                              const std::string& there) const {
  const auto [begin, end] = machines_.equal_range(vm.container);
  if (begin == end) return;
  const auto key = virt::machine_of(document).text();
  for (auto one = begin; one != end; ++one) {
    if (one->second.machine != key) continue;
    const auto missing =
        missing_in(virt::DomainCapabilities::parse(one->second.facts), document, there);
    if (!missing.empty()) throw lacks(vm, joined(missing, ", "), ", when they were asked last");
  }
}

}  // namespace cluster::frontend
