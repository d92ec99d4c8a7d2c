#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "frontend/vms/vm_batch.h"
#include "frontend/vms/vm_definition.h"
#include "virt/domain_merge.h"

namespace cluster::frontend {

/// What is to become of one VM in libvirt.
struct VmPlan {
  std::string xml;   ///< the document to define; "" = what libvirt has stays
  std::string base;  ///< the document of libvirt, here or elsewhere, that `xml` was made of
  std::string
      rendered;         ///< what the inventory says, to be agreed on afterwards; "" = it is already
  bool is_new = false;  ///< libvirt has no such domain
  bool autostart = false;          ///< it is to start with its container
  bool drifted = false;            ///< the host changed what the inventory speaks of
  std::vector<std::string> lines;  ///< every difference and who made it
  /// What is said once after libvirt there became newer: what it, or somebody, wrote by itself
  /// since the last define, all of which is kept.
  std::vector<std::string> upgraded{};
  std::optional<Error> refusal;  ///< why nothing is done; `lines` say more
};

/// Whether a VM is to start with its container.
struct AutostartPlan {
  bool yes = false;
  /// The host changed that since the last sync; `yes` is the host's then, unless Keep::ours.
  std::optional<virt::MergeDifference> drift{};
};

/// Merges what the inventory says of that, `task.autostart_said`, with what libvirt has.
AutostartPlan plan_autostart(const VmTask& task, const VmAgreement* agreed, virt::Keep keep);

/// Merges what the inventory says of the VM with what libvirt has. `ours` is its rendering,
/// `agreed` what was agreed at its last define, null if nothing was, and `version` that of the
/// container's libvirt where it is known, else 0. A VM that libvirt does not have is defined as it
/// was agreed elsewhere, with its guest addresses, unless libvirt here is older. Where
/// `task.autostart_said` is set, its start with the container is a part of the plan.
VmPlan plan(const VmTask& task, const std::string& ours, const VmAgreement* agreed,
            unsigned long version, virt::Keep keep);

/// The document that a define of the VM would bring, as far as the inventory knows: with the guest
/// addresses that were agreed. Throws Error(refused) when what was agreed does not allow it.
std::string agreed_document(const Vm& vm, const std::string& ours, const VmAgreement* agreed);

/// Judges what `plan` would define, whoever wrote what is in it, and puts it into `task`. Returns
/// what is worth saying, a line each. Throws the plan's refusal, and as VmDefinitions::judge() and
/// check() do.
std::vector<std::string> take_plan(const VmDefinitions& definitions, VmTask& task,
                                   const VmDefinitions::Rendering& ours, const VmPlan& plan,
                                   int version);

/// The agreement about `vm`, null when there is none.
const VmAgreement* agreement_of(const std::map<HostName, VmAgreement>& all, const Vm& vm);

}  // namespace cluster::frontend
