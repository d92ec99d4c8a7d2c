#pragma once

#include <string>
#include <vector>

#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/guard/guard.h"
#include "node-agent/state/slice_record.h"
#include "node-agent/transaction/slice_steps.h"

namespace cluster::agent {

/// "8f2c61d0a94be357": it is random, so a lease that was used is never given to another vGPU.
std::string new_lease();

/// The first of the parents that can make the type now. A parent whose vGPU the record keeps for
/// another lease cannot. Throws Error(refused), and the message says what can be made.
const VgpuParent& choose_parent(const std::vector<VgpuParent>& parents, const std::string& type,
                                const SliceRecord& record);

/// Makes the vGPU and reads it back. Throws Error(io).
void make_vgpu(const Vgpu& vgpu, const Sysfs& sysfs, SliceSteps& steps);

/// Removes the vGPU, unless a VM has it, and reads back that it is gone. Throws Error(refused) with
/// the VM, or Error(io).
void remove_vgpu(const Vgpu& vgpu, const GuardInput& input, SliceSteps& steps);

}  // namespace cluster::agent
