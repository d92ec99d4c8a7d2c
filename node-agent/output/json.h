#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/output/card_facts.h"
#include "node-agent/state/listed_vgpus.h"
#include "node-agent/state/names.h"
#include "node-agent/transaction/outcome.h"
#include "virt/node_devices.h"

namespace cluster::agent {

// The output of `gpupci --json` is one document on one line. Keys are only ever added. Addresses
// are in libvirt's spelling, ids are four hex digits, and an absent value is null.

/// gpupci -l --json and gpupci -s NAME|all --json:
///   {"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0", "functions": [
///      {"pci": "pci_0000_02_00_0", "kind": "video", "class": "0300", "vendor": "10de",
///       "device": "1c03", "driver": "nvidia", "iommu_group": 13, "subsystem_vendor": "1458",
///       "subsystem_device": "3724", "revision": "a1", "bars": [
///       {"size": 16777216, "64bit": false, "prefetchable": false}, ...],
///       "reset_methods": ["flr", "bus"], "link": {"speed": "2.5 GT/s PCIe", "width": 16,
///       "max_speed": "8.0 GT/s PCIe", "max_width": 16}}],
///     "state": "present", "model": "GP106 [GeForce GTX 1060 6GB]", "numa_node": 0, "slot": "4",
///     "serial": null, "uuid": "GPU-6ab2...",
///     "wedged": {"since": "2026-11-21T01:20:00Z", "step": "echo ..."},
///     "sriov": {"vfs": 2, "total": 4},
///     "slices": [{"name": "gpupci1.0", as a function, up to iommu_group}],
///     "left_out": [{as a function, up to iommu_group, "why": "it is a bridge"}]}],
///    "vgpus": [as `gpupci --vgpus --json` has them], "stub_driver": "vfio-pci"}
/// "vgpus" is in -l alone. The cards are sorted by name. state: "present" or "missing". For a
/// missing card `pci`, `serial` and `uuid` are the last known values, `functions` is empty, and the
/// rest is null. "stub_driver" is the one of the settings; "" leaves it out. identity.h says where
/// each value comes from.
std::string cards_json(const std::vector<CardFacts>& cards,
                       const std::map<GpuName, KnownCard>& missing,
                       const std::optional<std::vector<ListedVgpu>>& vgpus = {},
                       const std::string& stub_driver = {});

/// The JSON of one function, up to "iommu_group", and of its link.
nlohmann::ordered_json function_json(const PciFunction& function);
nlohmann::ordered_json link_json(const Link& link);

/// The JSON of one vGPU, for `gpupci --vgpus --json` and for "vgpus" in `gpupci -l --json`.
nlohmann::ordered_json vgpu_json(const ListedVgpu& vgpu);

/// gpupci -d NAME|all --json, gpupci -a NAME|all --json and gpupci --restore --json:
///   {"action": "detach", "dry_run": false, "through": "libvirt", "cards": [
///      {"name": "gpupci1", "pci": "pci_0000_02_00_0", "error": null,
///       "refused_by": [], "notes": [], "steps": ["virsh ..."],
///       "functions": [{as above, "outcome": "detached"}]}]}
/// action: "detach", "attach" or "restore"; through: "libvirt", "sysfs", or null when there was
/// nothing to do; outcome: "detached", "already detached", "would detach", "rolled back",
/// "attached", "already attached", "no driver", "would attach", "not attached", "failed",
/// "untouched" (outcome.h says what they mean); notes: what the operator should know although it
/// has happened; refused_by: the guards that refused the card, "holder" (guard.h).
std::string outcome_json(std::string_view action, virt::Mode mode, std::string_view through,
                         const std::vector<CardOutcome>& outcomes);

}  // namespace cluster::agent
