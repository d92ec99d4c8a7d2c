#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/hosts/context.h"

// A batch groups VMs by the containers that they are on.
namespace cluster::frontend {

/// The volume that tells cloud-init in a VM who it is.
struct Seed {
  std::string path;    ///< on the container, with a digest of what is in it
  std::string volume;  ///< its bytes
};

/// A VM that a command works on.
struct VmTask {
  Vm vm;
  std::optional<virt::Domain> domain;  ///< the VM as libvirt there has it; nothing = not defined
  std::string xml;                     ///< the new definition; "" = the VM stays as it is
  virt::Validation check = virt::Validation::none;  ///< the check that libvirt makes of it
  bool autostart = false;                           ///< it is to start with its container
  std::optional<Error> failure;                     ///< when it is set, the VM is left alone
  std::string rendered{};  ///< what the inventory says, to be agreed on with libvirt; "" = not
  /// whether the inventory says that it starts with its container; nothing: not to be agreed on
  std::optional<bool> autostart_said{};
  std::optional<VmAutostart> autostart_agreed{};  ///< at the last sync
  std::optional<std::string> defined{};           ///< what libvirt made of `xml`
  std::optional<Seed> seed{};                     ///< to be there when it starts
};

/// The name that libvirt has for the VM, or is to have.
inline const std::string& domain_name(const VmTask& task) {
  return task.domain ? task.domain->name : task.vm.domain();
}

/// True if the VM runs already, so that there is nothing to start.
inline bool is_running(const VmTask& task) {
  return task.domain && task.domain->state == virt::DomainState::running;
}

/// True if a command that starts VMs starts this one: nothing is in the way, and it does not run.
/// It may be defined already, and then `xml` is "".
inline bool is_to_start(const VmTask& task) { return !task.failure && !is_running(task); }

/// A container with those of its VMs that a command works on, and the way to its libvirt, which may
/// take the `limits.command_timeout` that it was opened with for all calls together.
struct VmHost {
  Host host;
  std::unique_ptr<virt::Domains> domains{};  ///< none when there is a failure
  std::optional<Error> failure{};            ///< the first failure; after it the host is left alone
  std::vector<VmTask> tasks{};
  std::vector<virt::VmDevice> in_use{};  ///< the host's devices that running VMs have
  unsigned long version = 0;             ///< the version of libvirt there
  std::vector<virt::Domain> found{};     ///< all that it has; only of look_at_hosts()
  /// the documents of running domains as they run, by UUID; only after look_at_running()
  std::map<std::string, std::string> running{};
  std::vector<DomainDevices> devices{};  ///< what each of its domains has, whether it runs or not
};

/// All VMs that one command works on, by container.
using VmBatch = std::vector<VmHost>;

/// The VMs of all containers, one after the other.
std::vector<Vm> vms_of(const VmBatch& all);

/// The amount that is asked of libvirt.
enum class Look {
  domains,     ///< VmTask::domain alone: two round trips to a container
  everything,  ///< all of VmHost
};

/// Defines the VM as `task.xml` says, where that says something, and sets whether it starts with
/// its container.
void define(virt::Domains& domains, VmTask& task);

/// Stores what was agreed with libvirt: about each VM that was defined, and each that is as the
/// inventory wants it.
void store_agreements(Context& context, const VmBatch& all);

/// Connects to the containers of `vms`, and looks up what each libvirt has of its VMs. A VM has
/// failed when its name belongs to another VM there.
VmBatch look_at(Context& context, const std::vector<Vm>& vms, const ssh::Limits& limits,
                Look look = Look::everything);

/// As look_at(), for who lets `vm` go: that another VM there has its name says that it is not
/// there.
VmBatch look_for(Context& context, const Vm& vm, const ssh::Limits& limits, Look look);

/// Connects to libvirt on `hosts`, and looks up everything that it has, with as many round trips as
/// look_at() takes.
VmBatch look_at_hosts(Context& context, const std::vector<Host>& hosts, const ssh::Limits& limits);

/// Calls `work` for each container that has not failed, for all at once. When `work` throws Error,
/// that is the container's failure; one that was not asked any more, as a signal came, has failed
/// as well. `work` runs in several threads: it must leave the inventory and the output alone, and
/// may write only to its own container.
void on_each(Context& context, VmBatch& all, const std::function<void(VmHost&)>& work);

/// Calls `work` for each VM that has not failed. The VMs of one container come one after another,
/// and the containers work at once. It is like on_each(), but a failure of a VM stops that VM
/// alone, unless the connection broke.
void on_each_vm(Context& context, VmBatch& all,
                const std::function<void(virt::Domains&, VmTask&)>& work);

/// The failures of containers and of VMs; those of containers come first.
Failures failures_of(const VmBatch& all);

}  // namespace cluster::frontend
