#pragma once

#include <string>
#include <vector>

#include "node-agent/environment.h"
#include "node-agent/guard/guard.h"
#include "node-agent/state/slice_record.h"
#include "node-agent/transaction/slice_steps.h"

namespace cluster::agent {

/// A change that set_vfs() should make, and the host for it.
struct VfsChange {
  const Card& card;
  long long wanted = 0;  ///< the number of virtual functions that it should have
  const GuardInput& input;
  const Environment& environment;
  Forced forced{};  ///< the guards that the operator overrides
};

/// Sets how many virtual functions a card has, in these steps: plan, guard, save, act, read back. 0
/// removes them. The kernel changes the number only by way of 0, so all virtual functions that are
/// there must be free: no VM has one, no vGPU is on one, none is detached, and no disk, network or
/// program of the host uses one. The guards that are forced are left out; the guard about VMs
/// cannot be forced. On a failure the old number is put back. Returns whether anything had to be
/// done. Throws Error(refused) when nothing was changed, Error(io) when it failed. `steps` has the
/// steps that were taken, or would be.
///
/// NVIDIA's driver cannot do this by itself. Where it has the card, its script sriov-manage does it
/// (Virtual GPU Software User Guide, "Preparing the Virtual Function for an NVIDIA vGPU"). The
/// script makes all or none and takes the driver off the card meanwhile, so the card itself must be
/// free.
bool set_vfs(const VfsChange& change, SliceRecord& record, SliceSteps& steps);

}  // namespace cluster::agent
