#include <algorithm>
#include <set>

#include "core/text.h"
#include "frontend/hosts/host_map.h"

// The text of a map. Hosts said all of it, so what may be any text is made printable.
namespace cluster::frontend {
namespace {

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string root_of(const PciAddress& pci) {
  const auto text = pci.sysfs();
  return "root " + text.substr(0, text.rfind(':'));
}

class Lines {
 public:
  Lines(const HostMap& map, const CardHolders& holders) : map_(map), holders_(holders) {}

  std::vector<std::string> take(const HostName& host) {
    for (const auto& node : map_.nodes) {
      if (node.package) packages_.insert(*node.package);
    }
    lines_.push_back(host.str() + ": " + summary());
    for (const auto package : packages_) {
      add(1, "socket " + std::to_string(package));
      for (const auto& node : map_.nodes) {
        if (node.package == package) add_node(node, 2);
      }
    }
    for (const auto& node : map_.nodes) {
      if (!node.package) add_node(node, 1);
    }
    add_roots(
        1, [this](const MapFunction& top) { return !is_known(node_of(top)); },
        "NUMA node not told");
    add_distances();
    return std::move(lines_);
  }

 private:
  std::string summary() const {
    std::vector<std::string> words;
    const auto add_count = [&](std::size_t count, const std::string& one, const std::string& many) {
      if (count > 0) words.push_back(counted(count, one, many));
    };
    add_count(packages_.size(), "socket", "sockets");
    add_count(map_.nodes.size(), "NUMA node", "NUMA nodes");
    const auto ends = ends_of(map_);
    const auto of_kind = [&](std::string_view kind) {
      return static_cast<std::size_t>(std::ranges::count(ends, kind, &MapFunction::kind));
    };
    add_count(of_kind("card"), "card", "cards");
    add_count(of_kind("nvswitch"), "NVSwitch", "NVSwitches");
    add_count(of_kind("nvme"), "NVMe disk", "NVMe disks");
    add_count(of_kind("network"), "network function", "network functions");
    return words.empty() ? "no cards, NVMe disks or networks on PCI" : joined(words, ", ");
  }

  void add(std::size_t depth, const std::string& text) {
    lines_.push_back(std::string(2 * depth, ' ') + text);
  }

  bool is_known(const std::optional<int>& node) const {
    return node && std::ranges::find(map_.nodes, *node, &MapNode::number) != map_.nodes.end();
  }

  // The node of what is below a root bus. That of cards, disks and networks counts, as distances go
  // by it, and bridges do not always tell theirs. A host of one node has everything there.
  std::optional<int> node_of(const MapFunction& top) const {
    if (map_.nodes.size() == 1) return map_.nodes.front().number;
    for (const auto& below : map_.functions) {
      if (below.parent != top.pci) continue;
      if (const auto node = node_of(below)) return node;
    }
    return top.numa_node;
  }

  void add_node(const MapNode& node, std::size_t depth) {
    auto text = "NUMA node " + std::to_string(node.number);
    if (node.cpus) text += node.cpus->empty() ? ", no CPUs" : ", CPUs " + printable(*node.cpus);
    add(depth, text);
    add_roots(depth + 1, [&](const MapFunction& top) { return node_of(top) == node.number; });
  }

  // The root buses of the functions that `is_here`, below `title` where there is one of them.
  template <typename IsHere>
  void add_roots(std::size_t depth, IsHere is_here, const std::string& title = "") {
    std::string last;
    for (const auto& top : map_.functions) {
      if (top.parent || !is_here(top) || is_told(top)) continue;
      if (last.empty() && !title.empty()) add(depth++, title);
      const auto root = root_of(top.pci);
      if (root != last) add(depth, root);
      last = root;
      add_function(top, depth + 1);
    }
  }

  // True if it is in the line of its card's first function.
  bool is_told(const MapFunction& one) const { return one.card && cards_.contains(*one.card); }

  void add_function(const MapFunction& one, std::size_t depth) {
    if (is_told(one)) return;
    if (one.card) cards_.insert(*one.card);
    add(depth, one.card ? card_line(one) : line(one));
    for (const auto& below : map_.functions) {
      if (below.parent == one.pci && below.pci != one.pci) add_function(below, depth + 1);
    }
  }

  static std::string line(const MapFunction& one) {
    const auto what = one.kind == "port" ? "bridge" : printable(one.kind);
    auto text = one.pci.sysfs() + " " + what;
    for (const auto& name : one.names) text += " " + printable(name);
    text += ", " + printable(one.model);
    if (one.driver && one.kind != "port") text += ", " + printable(*one.driver);
    if (!one.link.empty()) text += ", " + printable(one.link);
    if (one.iommu_group) text += ", group " + std::to_string(*one.iommu_group);
    return text;
  }

  std::string card_line(const MapFunction& first) const {
    std::string functions;
    std::vector<std::string> drivers;
    std::set<int> groups;
    for (const auto& one : map_.functions) {
      if (one.card != first.card) continue;
      if (one.pci != first.pci) {
        functions += one.pci.same_slot(first.pci) ? "," + std::to_string(one.pci.function)
                                                  : " " + one.pci.sysfs();
      }
      drivers.push_back(printable(one.driver.value_or("-")));
      if (one.iommu_group) groups.insert(*one.iommu_group);
    }
    auto text = first.pci.sysfs() + functions + " " + first.card->str() + ", " +
                printable(first.model) + ", " + joined(drivers, " ");
    if (!first.link.empty()) text += ", " + printable(first.link);
    for (const auto group : groups) text += ", group " + std::to_string(group);
    const auto holder = holders_.find(*first.card);
    if (holder != holders_.end()) text += ", in " + holder->second.str();
    return text;
  }

  // A row for each card, as in `nvidia-smi topo -m`.
  void add_distances() {
    const auto ends = ends_of(map_);
    const auto is_card = [](const MapFunction* end) { return end->card.has_value(); };
    if (ends.size() < 2 || std::ranges::none_of(ends, is_card)) return;
    std::vector<std::vector<std::string>> rows{{""}};
    for (const auto* to : ends) rows.front().push_back(printable(label(*to)));
    for (const auto* from : ends) {
      if (!is_card(from)) continue;
      rows.push_back({label(*from)});
      for (const auto* to : ends) {
        rows.back().emplace_back(from == to ? "X" : name(distance(map_, *from, *to)));
      }
    }
    lines_.emplace_back();
    add_table(rows);
    lines_.emplace_back();
    add(1, "PIX: through one switch at the most; PXB: several; PHB: the host bridge;");
    add(1, "NODE: host bridges of one NUMA node; SYS: between NUMA nodes; ?: not told.");
    add(1, "This is PCI alone: links of NVLink or xGMI between cards are not looked at.");
  }

  void add_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
      std::string text;
      for (std::size_t i = 0; i < row.size(); ++i) {
        text +=
            row[i] + (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : "");
      }
      add(1, text);
    }
  }

  const HostMap& map_;
  const CardHolders& holders_;
  std::set<int> packages_;
  std::set<GpuName> cards_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> map_lines(const HostName& host, const HostMap& map,
                                   const CardHolders& holders) {
  return Lines(map, holders).take(host);
}

}  // namespace cluster::frontend
