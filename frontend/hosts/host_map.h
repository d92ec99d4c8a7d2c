#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "core/pci_address.h"
#include "frontend/hosts/ask.h"

// The map of one host: what lstopo and `nvidia-smi topo -m` show together, as its agent tells it.
namespace cluster::frontend {

/// A NUMA node of the host.
struct MapNode {
  int number = 0;
  std::optional<std::string> cpus;  ///< "0-15,32-47"; "" = none
  std::optional<int> package;       ///< the socket
};

/// A function of PCI on the map.
struct MapFunction {
  PciAddress pci;
  std::string kind;   ///< "port", "card", "nvme", "network", "nvswitch"
  std::string model;  ///< by pci.ids, else its ids, "1000:c010"
  std::optional<std::string> driver;
  std::optional<int> iommu_group;
  std::optional<GpuName> card;
  std::optional<int> numa_node;
  std::optional<PciAddress> parent;  ///< the bridge above; nothing on a root bus
  std::vector<std::string> names;    ///< "nvme0"; "eth0", "mlx5_0"
  std::string link;                  ///< "x16 at 8.0 GT/s PCIe"; "" = not told
};

struct HostMap {
  std::vector<MapNode> nodes;          ///< by number
  std::vector<MapFunction> functions;  ///< by address
};

/// The map in the answer to `gpupci --tree --json`. Throws Error(io) when the answer is not that.
HostMap host_map_of(const AgentAnswer& answer);

/// How far a transfer between two functions goes, in the words of `nvidia-smi topo -m`.
enum class Distance {
  pix,      ///< through one bridge or one switch at the most
  pxb,      ///< through several switches, without the host bridge
  phb,      ///< through the host bridge
  node,     ///< between host bridges of one NUMA node
  sys,      ///< between NUMA nodes
  unknown,  ///< the host does not tell the NUMA node of one of them
};

/// "PIX", "PXB", "PHB", "NODE", "SYS", "?".
std::string_view name(Distance distance);

/// The distance between two functions of the map, which are not the same.
Distance distance(const HostMap& map, const MapFunction& one, const MapFunction& other);

/// The things between which distances count, by address: the first function of each card, and every
/// other function that is no port.
std::vector<const MapFunction*> ends_of(const HostMap& map);

/// What `end` is called: "gpupci1", "eth0", "nvme0", or its address.
std::string label(const MapFunction& end);

/// Which VM holds a card, by the inventory.
using CardHolders = std::map<GpuName, HostName>;

/// The map as lines of text: sockets, NUMA nodes, bridges, and below them cards, disks and
/// networks; then the distances.
std::vector<std::string> map_lines(const HostName& host, const HostMap& map,
                                   const CardHolders& holders);

/// The same as a document of JSON on one line, with the keys of `gpupci --tree --json`, "host", the
/// "vm" of each card, and "distances": [{"from": "gpupci1", "to": "eth0", "distance": "PIX"}].
/// Throws as host_map_of() does.
std::string map_json(const AgentAnswer& answer, const CardHolders& holders);

}  // namespace cluster::frontend
