#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/actions/table.h"
#include "node-agent/cards/mig.h"
#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/state/listed_vgpus.h"
#include "node-agent/transaction/slice_steps.h"

namespace cluster::agent {

/// The card of that name; empty when a parent that is no card has it, or nothing.
std::vector<Card> named(const std::vector<Card>& cards, const std::string& name);

/// The message that there is no such parent: "no vGPUs can be made from 'mttx' (did you mean
/// 'mtty'?)". `cards` are the cards that `target` stands for; where there is one, the message says
/// why it offers none.
std::string no_parent(const std::vector<VgpuParent>& parents, const std::string& target,
                      const std::vector<Card>& cards, const Sysfs& sysfs, const Settings& settings);

/// What an action did with a vGPU or an instance of MIG, or would do in a dry run.
struct SliceResult {
  std::string_view action;  ///< "create-vgpu", as JSON says it
  const SliceSteps& steps;
  std::string sentence;  ///< without a line end; not printed in a dry run
};

/// Prints the result for a vGPU: its sentence, or the steps of a dry run, or
///   {"action": "create-vgpu", "dry_run": false, "vgpu": {"id": "c2177883-...", "parent": "mtty",
///    "interface": "mdev", "type": "mtty-1", "lease": "8f2c...", "since": "2026-...",
///    "state": "present"}, "steps": ["echo ..."]}
void print_vgpu(const Call& call, const SliceResult& result, const ListedVgpu& vgpu);

/// The same for an instance of MIG; there is none in a dry run of its making:
///   {"action": "create-mig", "dry_run": false, "mig": {"id": "gpupci1-gi2", "card": "gpupci1",
///    "pci": "pci_0000_02_00_0", "gpu_instance": 2, "compute_instances": [0]}, "steps": ["..."]}
void print_mig(const Call& call, const SliceResult& result,
               const std::optional<MigInstance>& instance);

}  // namespace cluster::agent
