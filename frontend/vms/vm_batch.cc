#include "frontend/vms/vm_batch.h"

#include <algorithm>
#include <map>
#include <utility>

#include "frontend/hosts/host_selection.h"
#include "virt/domain_merge.h"
#include "virt/domain_reading.h"

namespace cluster::frontend {
namespace {

void find_domain(const std::vector<virt::Domain>& domains, VmTask& task) {
  const auto by_uuid = std::ranges::find(domains, task.vm.uuid, &virt::Domain::uuid);
  if (by_uuid != domains.end()) {
    task.domain = *by_uuid;
    return;
  }
  const auto by_name = std::ranges::find(domains, task.vm.domain(), &virt::Domain::name);
  if (by_name == domains.end()) return;
  const auto& host = task.vm.container.str();
  task.failure =
      Error(Fault::exists, "libvirt on " + host + " has another VM of this name, with uuid " +
                               by_name->uuid + ": to take that one in, `cluster add host vm NAME " +
                               host + " from=libvirt uuid=" + by_name->uuid +
                               "` under a name that is free here, or `virsh undefine` it there");
}

// The devices of each domain: what it has now, and what it will have at its next start.
std::vector<DomainDevices> devices_of(const std::vector<virt::Domain>& domains,
                                      const std::vector<virt::VmDevice>& in_use) {
  std::vector<DomainDevices> all;
  for (const auto& domain : domains) {
    auto devices = virt::given_devices(domain.xml);
    for (const auto& used : in_use) {
      if (used.vm != domain.name) continue;
      auto device = virt::given_device(used.device);
      if (std::ranges::find(devices, device) == devices.end()) devices.push_back(std::move(device));
    }
    if (!devices.empty()) all.push_back({domain.uuid, domain.name, std::move(devices)});
  }
  return all;
}

// Asks the libvirt that `there` is connected to. Returns all of its domains.
std::vector<virt::Domain> ask(VmHost& there, Look look) {
  auto domains = there.domains->list();
  if (look == Look::domains) return domains;
  there.in_use = there.domains->devices_in_use();
  there.version = there.domains->version();
  there.devices = devices_of(domains, there.in_use);
  return domains;
}

}  // namespace

std::vector<Vm> vms_of(const VmBatch& all) {
  std::vector<Vm> vms;
  for (const auto& there : all) {
    for (const auto& task : there.tasks) vms.push_back(task.vm);
  }
  return vms;
}

void on_each(Context& context, VmBatch& all, const std::function<void(VmHost&)>& work) {
  std::vector<VmHost*> asked;
  std::vector<ssh::Target> targets;
  for (auto& there : all) {
    if (there.failure) continue;
    asked.push_back(&there);
    targets.push_back(target_of(there.host));
  }
  std::vector<char> are_done(asked.size());  // threads may not share the bits of vector<bool>
  ssh::SilentSink sink;
  const auto work_there = [&](std::size_t i) {
    are_done[i] = 1;
    auto& there = *asked[i];
    try {
      work(there);
    } catch (const Error& error) {
      there.failure = error;
      there.domains.reset();
    }
    return !there.failure;
  };
  context.transport.work_on(targets, work_there, sink);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (are_done[i] == 0) {
      asked[i]->failure = Error(Fault::unreachable, "interrupted before it was asked");
    }
  }
}

VmBatch look_at(Context& context, const std::vector<Vm>& vms, const ssh::Limits& limits,
                Look look) {
  std::map<HostName, std::vector<VmTask>> tasks;
  for (const auto& vm : vms) {
    tasks[vm.container].push_back({vm, {}, "", virt::Validation::none, false, {}});
  }
  OnlyHosts names{std::in_place};
  for (const auto& [name, of_host] : tasks) names->push_back(name);
  VmBatch all;
  for (const auto& host : context.inventory().hosts(names)) {
    VmHost there{host};
    there.tasks = std::move(tasks[host.name]);
    all.push_back(std::move(there));
  }
  on_each(context, all, [&](VmHost& there) {
    there.domains = context.open_domains(target_of(there.host), limits);
    const auto domains = ask(there, look);
    for (auto& task : there.tasks) find_domain(domains, task);
  });
  return all;
}

VmBatch look_for(Context& context, const Vm& vm, const ssh::Limits& limits, Look look) {
  auto all = look_at(context, {vm}, limits, look);
  for (auto& there : all) {
    for (auto& task : there.tasks) {
      if (task.failure && task.failure->fault() == Fault::exists) task.failure.reset();
    }
  }
  return all;
}

VmBatch look_at_hosts(Context& context, const std::vector<Host>& hosts, const ssh::Limits& limits) {
  VmBatch all;
  for (const auto& host : hosts) all.push_back(VmHost{host});
  on_each(context, all, [&](VmHost& there) {
    there.domains = context.open_domains(target_of(there.host), limits);
    there.found = ask(there, Look::everything);
  });
  return all;
}

void define(virt::Domains& domains, VmTask& task) {
  if (!task.xml.empty()) task.defined = domains.define(task.xml, task.check);
  if (task.autostart != (task.domain && task.domain->autostart)) {
    domains.set_autostart(task.vm.uuid, task.autostart);
  }
}

void store_agreements(Context& context, const VmBatch& all) {
  std::vector<std::pair<HostName, VmAgreement>> agreements;
  for (const auto& there : all) {
    for (const auto& task : there.tasks) {
      const bool stays = task.domain && task.xml.empty() && !task.failure && !there.failure;
      if (task.rendered.empty() || (!task.defined && !stays)) continue;
      const auto& seen = task.defined ? *task.defined : task.domain->xml;
      agreements.emplace_back(task.vm.name,
                              VmAgreement{task.vm.uuid, task.vm.container, task.rendered,
                                          virt::without_passwords(seen), there.version});
    }
  }
  std::vector<std::pair<HostName, VmAutostart>> autostarts;
  for (const auto& there : all) {
    for (const auto& task : there.tasks) {
      const bool is_there = task.defined || (task.domain && task.xml.empty());
      if (!task.autostart_said || !is_there || task.failure || there.failure) continue;
      const VmAutostart now{*task.autostart_said, task.autostart};
      if (task.autostart_agreed != now) autostarts.emplace_back(task.vm.name, now);
    }
  }
  if (agreements.empty() && autostarts.empty()) return;
  auto& inventory = context.inventory();
  inventory.together("sync vm config", [&] {
    for (const auto& [vm, agreement] : agreements) inventory.agree(vm, agreement);
    for (const auto& [vm, autostart] : autostarts) inventory.agree_autostart(vm, autostart);
  });
}

void on_each_vm(Context& context, VmBatch& all,
                const std::function<void(virt::Domains&, VmTask&)>& work) {
  on_each(context, all, [&](VmHost& there) {
    for (auto& task : there.tasks) {
      if (task.failure) continue;
      try {
        work(*there.domains, task);
      } catch (const Error& error) {
        if (error.fault() == Fault::unreachable) throw;
        task.failure = error;
      }
    }
  });
}

Failures failures_of(const VmBatch& all) {
  Failures failures;
  for (const auto& there : all) {
    if (there.failure) failures.push_back({there.host.name.str(), *there.failure});
  }
  for (const auto& there : all) {
    for (const auto& task : there.tasks) {
      if (task.failure) failures.push_back({task.vm.name.str(), *task.failure});
    }
  }
  return failures;
}

}  // namespace cluster::frontend
