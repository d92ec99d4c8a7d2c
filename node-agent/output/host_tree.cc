#include "node-agent/output/host_tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/cards/belonging.h"
#include "node-agent/json_line.h"
#include "node-agent/kernel/pci_ids.h"
#include "node-agent/kernel/pci_tree.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/output/json.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::optional<std::string> text_of(const fs::path& path) {
  try {
    const auto text = read_file(path);
    return text ? std::optional(std::string(trim(*text))) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<long long> number_in(const fs::path& path) {
  const auto text = text_of(path);
  return text ? parse_number(*text) : std::nullopt;  // -1 is no number
}

std::vector<NumaNode> numa_nodes(const Sysfs& sysfs) {
  constexpr std::string_view kNode = "node";
  const auto system = sysfs.root() / "devices/system";
  std::vector<NumaNode> nodes;
  for (const auto& name : names_quietly(system / kNode)) {
    if (!name.starts_with(kNode)) continue;
    const auto number = parse_number(std::string_view(name).substr(kNode.size()));
    if (!number) continue;
    NumaNode node{
        static_cast<int>(*number), text_of(system / kNode / name / "cpulist").value_or(""), {}};
    const auto first = node.cpus.substr(0, node.cpus.find_first_of(",-"));
    if (!first.empty()) {
      node.package = number_in(system / ("cpu/cpu" + first) / "topology/physical_package_id");
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

// The word for what is worth a place on the map beside cards; "" for all else.
std::string_view kind_beside_cards(const Sysfs& sysfs, const PciFunction& function) {
  constexpr std::uint16_t kNvme = 0x0108;
  constexpr std::uint16_t kOtherBridge = 0x0680;
  constexpr std::uint16_t kNvidia = 0x10de;
  if (function.device_class == kNvme) return "nvme";
  if (function.device_class >> 8U == 0x02) return "network";
  const bool may_switch = function.device_class == kOtherBridge && function.vendor == kNvidia;
  return may_switch && !is_bridge(sysfs, function) ? "nvswitch" : "";
}

class TreeReader {
 public:
  TreeReader(const Sysfs& sysfs, const std::vector<Card>& cards) : sysfs_(sysfs) {
    for (const auto& card : cards) {
      for (const auto& function : card.functions) cards_[function.pci] = card.label();
    }
  }

  HostTree read() {
    for (const auto& pci : sysfs_.functions()) {
      const auto card = cards_.find(pci);
      const auto function = sysfs_.find(pci);
      if (!function || sysfs_.is_virtual(pci)) continue;
      const auto kind =
          card == cards_.end() ? kind_beside_cards(sysfs_, *function) : std::string_view("card");
      if (kind.empty()) continue;
      add(*function, kind);
      for (const auto& bridge : bridges_above(sysfs_, pci)) {
        const auto above = seen_.contains(bridge) ? std::nullopt : sysfs_.find(bridge);
        if (above) add(*above, "port");
      }
    }
    std::ranges::sort(tree_.functions, {}, [](const auto& one) { return one.function.pci; });
    tree_.nodes = numa_nodes(sysfs_);
    return std::move(tree_);
  }

 private:
  void add(const PciFunction& function, std::string_view kind) {
    seen_.insert(function.pci);
    TreeFunction one{.function = function,
                     .kind = kind,
                     .parent = {},
                     .card = {},
                     .model = ids_.model(function.vendor, function.device),
                     .numa_node = number_in(sysfs_.device_path(function.pci) / "numa_node"),
                     .link = read_identity(sysfs_, function.pci).link};
    if (const auto above = bridges_above(sysfs_, function.pci); !above.empty()) {
      one.parent = above.front();
    }
    if (const auto card = cards_.find(function.pci); card != cards_.end()) one.card = card->second;
    for (const auto* folder : {"nvme", "net", "infiniband"}) {
      const auto names = names_quietly(sysfs_.device_path(function.pci) / folder);
      one.names.insert(one.names.end(), names.begin(), names.end());
    }
    tree_.functions.push_back(std::move(one));
  }

  const Sysfs& sysfs_;
  PciIds ids_;
  std::map<PciAddress, std::string> cards_;
  std::set<PciAddress> seen_;
  HostTree tree_;
};

// Adds the line of a function, and below it those of all that is under it.
void add_line(std::string& text, const HostTree& tree, const TreeFunction& one, std::size_t depth) {
  text += std::string(2 * depth, ' ') + one.function.pci.sysfs() + " " +
          one.card.value_or(std::string(one.kind));
  for (const auto& name : one.names) text += " " + printable(name);
  text += ", " + one.model.value_or(hex4(one.function.vendor) + ":" + hex4(one.function.device));
  if (one.numa_node) text += ", node " + std::to_string(*one.numa_node);
  if (one.function.iommu_group) text += ", group " + std::to_string(*one.function.iommu_group);
  text += "\n";
  for (const auto& below : tree.functions) {
    if (below.parent == one.function.pci) add_line(text, tree, below, depth + 1);
  }
}

}  // namespace

HostTree read_host_tree(const Sysfs& sysfs, const std::vector<Card>& cards) {
  return TreeReader(sysfs, cards).read();
}

std::string tree_json(const HostTree& tree) {
  auto nodes = ordered_json::array();
  for (const auto& node : tree.nodes) {
    nodes.push_back(
        {{"node", node.number}, {"cpus", or_null(node.cpus)}, {"package", or_null(node.package)}});
  }
  auto functions = ordered_json::array();
  for (const auto& one : tree.functions) {
    auto function = function_json(one.function);
    function["kind"] = one.kind;
    function["card"] = or_null(one.card);
    function["model"] = or_null(one.model);
    function["numa_node"] = or_null(one.numa_node);
    function["parent"] = one.parent ? ordered_json(one.parent->libvirt()) : ordered_json(nullptr);
    function["names"] = one.names;
    function["link"] = link_json(one.link);
    functions.push_back(std::move(function));
  }
  return json_line({{"nodes", nodes}, {"functions", functions}});
}

std::string tree_text(const HostTree& tree) {
  std::string text;
  for (const auto& one : tree.functions) {
    // A bridge that cannot be read is not there.
    const auto is_above = [&](const TreeFunction& other) {
      return other.function.pci == one.parent;
    };
    if (std::ranges::none_of(tree.functions, is_above)) add_line(text, tree, one, 0);
  }
  return text;
}

}  // namespace cluster::agent
