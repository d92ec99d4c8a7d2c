#pragma once

#include <map>
#include <vector>

#include "db/vm.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/ask.h"

// Selftests of cards: with the tools of the host, while no VM and no program has them.
namespace cluster::frontend {

/// Tests the cards that NVIDIA's or AMD's driver has and that gpupci would take from it now, on
/// many hosts at once and one card of a host after another. `listed` are the answers to
/// `gpupci -l --json`, of which those that are none are left out, and `vms` the VMs there. Returns
/// the checks of each host: those of judge_selftest(), and T0 of a card that was not tested. A card
/// takes 6 minutes at the most beside the time in `limits`.
std::map<HostName, std::vector<CheckAnswer>> selftest(Context& context,
                                                      const std::vector<AgentAnswer>& listed,
                                                      const std::vector<Vm>& vms,
                                                      const ssh::Limits& limits);

}  // namespace cluster::frontend
