#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/actions/table.h"
#include "node-agent/cards/mig.h"
#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/state/slice_record.h"
#include "node-agent/transaction/slice_steps.h"

namespace cluster::agent {

/// The card of that name; empty when a parent that is no card has it, or nothing.
std::vector<Card> named(const std::vector<Card>& cards, const std::string& name);

/// The message that there is no such parent: "no vGPUs can be made from 'mttx' (did you mean
/// 'mtty'?)". `cards` are the cards that `target` stands for; where there is one, the message says
/// why it offers none.
std::string no_parent(const std::vector<VgpuParent>& parents, const std::string& target,
                      const std::vector<Card>& cards, const Sysfs& sysfs, const Settings& settings);

/// Prints the result for a vGPU: `sentence`, or the steps of a dry run, or
///   {"action": "create-vgpu", "dry_run": false, "vgpu": {"id": "c2177883-...", "parent": "mtty",
///    "interface": "mdev", "type": "mtty-1", "lease": "8f2c...", "since": "2026-...",
///    "state": "present"}, "steps": ["echo ..."]}
void print_vgpu(const Call& call, std::string_view action, const std::string& id,
                const LeasedVgpu& leased, std::string_view state, const SliceSteps& steps,
                const std::string& sentence);

/// The same for an instance of MIG; there is none in a dry run of its making:
///   {"action": "create-mig", "dry_run": false, "mig": {"id": "gpupci1-gi2", "card": "gpupci1",
///    "pci": "pci_0000_02_00_0", "gpu_instance": 2, "compute_instances": [0]}, "steps": ["..."]}
void print_mig(const Call& call, std::string_view action,
               const std::optional<MigInstance>& instance, const SliceSteps& steps,
               const std::string& sentence);

}  // namespace cluster::agent
