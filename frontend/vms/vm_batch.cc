#include "frontend/vms/vm_batch.h"

#include <algorithm>

#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {

namespace {

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

VmContainers look_at(Context& context, const std::vector<Vm>& vms, const ssh::Limits& limits,
                     Look look) {
  std::vector<Host> hosts;
  std::vector<VmContainer> found;
  for (const auto& host : context.inventory().hosts()) {
    VmContainer container;
    for (const auto& vm : vms) {
      if (vm.container == host.name)
        container.tasks.push_back({vm, {}, "", virt::Check::none, false, {}});
    }
    if (container.tasks.empty()) continue;
    hosts.push_back(host);
    found.push_back(std::move(container));
  }
  VmContainers all{open_containers(context, hosts, limits), std::move(found)};
  on_each(all.containers, [&](Container& container) {
    auto& there = all.vms[static_cast<std::size_t>(&container - all.containers.data())];
    const auto domains = container.domains->list();
    for (auto& task : there.tasks) find_domain(domains, task);
    if (look == Look::domains) return;
    there.in_use = container.domains->devices_in_use();
    there.version = container.domains->version();
  });
  return all;
}

void define(virt::Domains& domains, const VmTask& task) {
  domains.define(task.xml, task.check);
  if (task.autostart != (task.domain && task.domain->autostart)) {
    domains.set_autostart(task.vm.uuid, task.autostart);
  }
}

void on_each_vm(VmContainers& all, const std::function<void(virt::Domains&, VmTask&)>& work) {
  on_each(all.containers, [&](Container& container) {
    auto& there = all.vms[static_cast<std::size_t>(&container - all.containers.data())];
    for (auto& task : there.tasks) {
      if (task.failure) continue;
      try {
        work(*container.domains, task);
      } catch (const Error& error) {
        if (error.fault() == Fault::unreachable) throw;
        task.failure = error;
      }
    }
  });
}

int tell_failures(Context& context, const VmContainers& all) {
  int status = tell_failures(context, all.containers);
  for (const auto& container : all.vms) {
    for (const auto& task : container.tasks) {
      if (!task.failure) continue;
      context.output.note(task.vm.name.str() + ": " + task.failure->what());
      status = std::max(status, task.failure->fault() == Fault::unreachable
                                    ? exit_status(Fault::unreachable)
                                    : exit_status(Fault::io));
    }
  }
  return status;
}

}  // namespace cluster::cmd
