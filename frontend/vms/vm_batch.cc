#include "frontend/vms/vm_batch.h"

#include <map>
#include <utility>

#include "core/at_once.h"
#include "frontend/hosts/host_selection.h"
#include "virt/domain_merge.h"

namespace cluster::frontend {
namespace {

// Each thread waits for a network most of the time; ssh takes about 0.1 s of a processor.
constexpr std::size_t kMostThreads = 64;

void find_domain(const std::vector<virt::Domain>& domains, VmTask& task) {
  for (const auto& domain : domains) {
    if (domain.uuid == task.vm.uuid) {
      task.domain = domain;
    } else if (domain.name == task.vm.name.str()) {
      task.failure = Error(Fault::exists, "libvirt on " + task.vm.container.str() +
                                              " has another VM of this name, with uuid " +
                                              domain.uuid + " (virsh undefine)");
    }
  }
}

}  // namespace

std::vector<Vm> vms_of(const VmBatch& all) {
  std::vector<Vm> vms;
  for (const auto& there : all) {
    for (const auto& task : there.tasks) vms.push_back(task.vm);
  }
  return vms;
}

void on_each(VmBatch& all, const std::function<void(VmHost&)>& work) {
  at_once(all.size(), kMostThreads, [&](std::size_t i) {
    auto& there = all[i];
    if (there.failure) return;
    try {
      work(there);
    } catch (const Error& error) {
      there.failure = error;
      there.domains.reset();
    }
  });
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
  on_each(all, [&](VmHost& there) {
    there.domains = context.open_domains(target_of(there.host), limits);
    const auto domains = there.domains->list();
    for (auto& task : there.tasks) find_domain(domains, task);
    if (look == Look::domains) return;
    there.in_use = there.domains->devices_in_use();
    there.version = there.domains->version();
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
  if (agreements.empty()) return;
  auto& inventory = context.inventory();
  inventory.together("sync vm config", [&] {
    for (const auto& [vm, agreement] : agreements) inventory.agree(vm, agreement);
  });
}

void on_each_vm(VmBatch& all, const std::function<void(virt::Domains&, VmTask&)>& work) {
  on_each(all, [&](VmHost& there) {
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
