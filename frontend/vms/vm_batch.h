#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontend/hosts/context.h"
#include "frontend/hosts/libvirt_hosts.h"

// VMs by the containers that they are on.
namespace cluster::frontend {

/// A VM that a command works on.
struct VmTask {
  Vm vm;
  std::optional<virt::Domain> domain;  ///< what libvirt there has of it; nothing = not defined
  std::string xml;  ///< what it is to become, where the command says so; "" = it stays
  virt::Check check = virt::Check::none;  ///< how libvirt is to look at it
  bool autostart = false;                 ///< whether it is to start with its container
  std::optional<Error> failure;           ///< after it the VM is left alone
};

/// Whether there is nothing to start.
inline bool is_running(const VmTask& task) {
  return task.domain && task.domain->state == virt::DomainState::running;
}

/// A container with those of its VMs that a command works on.
struct VmHost : LibvirtHost {
  std::vector<VmTask> tasks{};
  std::vector<virt::VmDevice> in_use{};  ///< what running VMs have of the host
  unsigned long version = 0;             ///< of libvirt there
};

/// All that one command works on, by container.
using VmBatch = std::vector<VmHost>;

/// The VMs of all containers, one after the other.
std::vector<Vm> vms_of(const VmBatch& all);

/// How closely libvirt is looked at.
enum class Look {
  domains,     ///< VmTask::domain alone: two round trips to a container
  everything,  ///< all of VmHost
};

/// Defines the VM as `task.xml`, and lets it start with its container or not.
void define(virt::Domains& domains, const VmTask& task);

/// Connects to the containers of `vms` and looks what libvirt there has of each. A VM whose name
/// belongs to another one there has failed.
VmBatch look_at(Context& context, const std::vector<Vm>& vms, const ssh::Limits& limits,
                Look look = Look::everything);

/// Does `work` for each VM that has not failed, the VMs of a container one after another, the
/// containers at once. As on_each(), but what goes wrong with a VM stops that VM alone, unless the
/// connection broke.
void on_each_vm(VmBatch& all, const std::function<void(virt::Domains&, VmTask&)>& work);

/// What has failed, of containers and of VMs: the containers first.
Failures failures_of(const VmBatch& all);

}  // namespace cluster::frontend
