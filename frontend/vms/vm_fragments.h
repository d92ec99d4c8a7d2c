#pragma once

#include <vector>

#include "db/attribute.h"
#include "db/vm.h"
#include "rolls/engine/roll.h"
#include "virt/domain_spec.h"

namespace cluster::frontend {

/// What the fragments of `rolls` are for `vm`, whose attributes are `resolved`: those whose
/// attribute `when` is neither "" nor "no", with their names replaced. Throws Error(refused) when
/// what is set is no value of an attribute.
std::vector<virt::Fragment> fragments_for(const std::vector<rolls::Roll>& rolls, const Vm& vm,
                                          const ResolvedAttributes& resolved);

/// Throws Error(usage) with file and line when no VM can take a fragment of `roll`, with its
/// attributes as they are by default.
void check_fragments(const rolls::Roll& roll);

/// Throws Error(refused) when `roll` has an attribute that VMs have, Error(usage) when one looks
/// like those and is none.
void refuse_attributes_of_vms(const rolls::Roll& roll);

}  // namespace cluster::frontend
