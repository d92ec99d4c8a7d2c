#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/identity.h"

namespace cluster::agent {

/// A NUMA node of the host (Documentation/ABI/stable/sysfs-devices-node).
struct NumaNode {
  int number = 0;
  std::string cpus;                  ///< "0-15,32-47"; "" when it has memory alone
  std::optional<long long> package;  ///< the socket that has its first CPU
};

/// A function in the tree of PCI: of a card, an NVMe disk, a network device or an NVSwitch, or a
/// bridge above one of these.
struct TreeFunction {
  PciFunction function;
  std::string_view kind;               ///< "port", "card", "nvme", "network", "nvswitch"
  std::optional<PciAddress> parent;    ///< the bridge above; nothing on a root bus
  std::optional<std::string> card;     ///< "gpupci1"
  std::optional<std::string> model;    ///< by pci.ids
  std::optional<long long> numa_node;  ///< nothing when the firmware tells none
  Link link;
  std::vector<std::string> names = {};  ///< "nvme0"; "eth0", "mlx5_0"
};

/// The map of the host: what its cards share with each other, with disks and with networks.
struct HostTree {
  std::vector<NumaNode> nodes;          ///< by number; empty when the kernel has no NUMA
  std::vector<TreeFunction> functions;  ///< by address; no virtual functions
};

/// Reads the tree. Opens libpci. Functions that go meanwhile are left out. Throws Error(io).
HostTree read_host_tree(const Sysfs& sysfs, const std::vector<Card>& cards);

/// gpupci --tree --json:
///   {"nodes": [{"node": 0, "cpus": "0-15", "package": 0}],
///    "functions": [{"pci": "pci_0000_02_00_0", "kind": "card", "class": "0300", "vendor": "10de",
///      "device": "1c03", "driver": "nvidia", "iommu_group": 13, "card": "gpupci1",
///      "model": "GP106 [GeForce GTX 1060 6GB]", "numa_node": 0, "parent": "pci_0000_00_03_0",
///      "names": [], "link": {as in -l --json}}]}
std::string tree_json(const HostTree& tree);

/// gpupci --tree: a line for each function, two blanks deeper than the bridge above it.
std::string tree_text(const HostTree& tree);

}  // namespace cluster::agent
