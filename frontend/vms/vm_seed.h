#pragma once

#include <optional>
#include <string>

#include "db/attribute.h"
#include "db/vm.h"
#include "frontend/vms/vm_batch.h"
#include "virt/domain_spec.h"

namespace cluster::frontend {

/// The volume that tells cloud-init in `vm` who it is; nothing when the VM has none (attribute
/// vm_seed). `domain` has the VM's disks and interfaces. The volume's path has a digest of what is
/// in it, so that another text is another path, which a sync shows and a start makes.
std::optional<Seed> seed_of(const Vm& vm, const ResolvedAttributes& resolved,
                            const virt::DomainSpec& domain);

/// The CD-ROM of the seed, on a bus that the guest can drive, at a target that is free.
virt::DiskSpec seed_disk(const Seed& seed, const virt::DomainSpec& domain);

/// Puts the seeds of the VMs that are to start on their containers, where they are not there yet,
/// and removes those that they had before. What goes wrong is the VM's failure.
void make_seeds(Context& context, VmBatch& all, const ssh::Limits& limits);

}  // namespace cluster::frontend
