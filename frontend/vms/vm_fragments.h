#pragma once

#include <vector>

#include "db/attribute.h"
#include "db/vm.h"
#include "rolls/engine/roll.h"
#include "virt/domain_spec.h"

namespace cluster::frontend {

/// Returns the fragments of `rolls` for `vm`, whose attributes are `resolved`. A fragment is for
/// the VM when its attribute `when` is neither "" nor "no". The names in it are replaced. Throws
/// Error(refused) when a set value is not valid for its attribute.
std::vector<virt::Fragment> fragments_for(const std::vector<rolls::Roll>& rolls, const Vm& vm,
                                          const ResolvedAttributes& resolved);

/// Throws Error(usage) with file and line when no VM can take a fragment of `roll` with the default
/// values of its attributes.
void check_fragments(const rolls::Roll& roll);

/// Throws Error(refused) when `roll` has an attribute that VMs have. Throws Error(usage) when an
/// attribute looks like those of VMs and is none of them.
void refuse_attributes_of_vms(const rolls::Roll& roll);

}  // namespace cluster::frontend
