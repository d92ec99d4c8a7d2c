#pragma once

#include <string>
#include <vector>

#include "frontend/hosts/agent_json.h"
#include "frontend/vms/vm_batch.h"

namespace cluster::frontend {

/// The checks of one VM, from inside.
struct GuestChecks {
  Vm vm;
  std::vector<CheckAnswer> checks;
};

/// Asks the guests of the VMs in `all` what they see of their cards: over qemu-guest-agent, else
/// over ssh, all at once; and judges it. A VM that does not run, or that nobody can ask, has I1
/// UNKNOWN.
std::vector<GuestChecks> check_guests(Context& context, VmBatch& all, const ssh::Limits& limits);

}  // namespace cluster::frontend
