#include "frontend/hosts/host_map.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/terminal_text.h"
#include "frontend/hosts/bounded_json.h"

namespace cluster::frontend {
namespace {

using nlohmann::ordered_json;  // it is printed as the host told it

template <typename Value>
std::optional<Value> value_of(const ordered_json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return std::nullopt;
  return at->get<Value>();
}

std::string link_of(const ordered_json& function) {
  const auto link = value_of<ordered_json>(function, "link").value_or(ordered_json::object());
  const auto width = value_of<int>(link, "width");
  const auto speed = value_of<std::string>(link, "speed");
  if (!width || !speed || *width == 0) return "";
  return "x" + std::to_string(*width) + " at " + *speed;
}

MapFunction mapped_function(const ordered_json& one) {
  MapFunction function{
      PciAddress::parse(one.at("pci").get<std::string>()),
      one.at("kind").get<std::string>(),
      one.at("vendor").get<std::string>() + ":" + one.at("device").get<std::string>(),
      value_of<std::string>(one, "driver"),
      value_of<int>(one, "iommu_group"),
      {},
      value_of<int>(one, "numa_node"),
      {},
      value_of<std::vector<std::string>>(one, "names").value_or(std::vector<std::string>()),
      link_of(one)};
  if (const auto model = value_of<std::string>(one, "model")) function.model = *model;
  if (const auto card = value_of<std::string>(one, "card")) function.card = GpuName(*card);
  if (const auto parent = value_of<std::string>(one, "parent")) {
    function.parent = PciAddress::parse(*parent);
  }
  return function;
}

const MapFunction* find(const HostMap& map, const PciAddress& pci) {
  const auto at = std::ranges::lower_bound(map.functions, pci, {}, &MapFunction::pci);
  return at != map.functions.end() && at->pci == pci ? &*at : nullptr;
}

// The bridges above, the nearest first; the path of a map that is a tree.
std::vector<PciAddress> bridges_above(const HostMap& map, const MapFunction& function) {
  std::vector<PciAddress> bridges;
  for (const auto* at = &function; at->parent && bridges.size() <= map.functions.size();) {
    bridges.push_back(*at->parent);
    at = find(map, *at->parent);
  }
  return bridges;
}

// Makes sure that it is a tree: each address once, no way up without an end. A bridge that went
// while the host was read is left out, and what is below it stands for itself.
void prune(HostMap& map) {
  const auto twice = std::ranges::adjacent_find(map.functions, {}, &MapFunction::pci);
  if (twice != map.functions.end()) throw Error(Fault::io, "twice: " + twice->pci.sysfs());
  for (auto& function : map.functions) {
    if (function.parent && find(map, *function.parent) == nullptr) function.parent.reset();
  }
  for (const auto& function : map.functions) {
    if (bridges_above(map, function).size() > map.functions.size()) {
      throw Error(Fault::io, "below itself: " + function.pci.sysfs());
    }
  }
}

HostMap map_of(const ordered_json& document) {
  constexpr std::size_t kMost =
      1024;  // a host of the field has 100; a wrong one must not cost time
  HostMap map;
  for (const auto& node : document.at("nodes")) {
    map.nodes.push_back({node.at("node").get<int>(), value_of<std::string>(node, "cpus"),
                         value_of<int>(node, "package")});
  }
  if (document.at("functions").size() > kMost) throw Error(Fault::io, "too many functions");
  for (const auto& one : document.at("functions")) map.functions.push_back(mapped_function(one));
  std::ranges::sort(map.functions, {}, &MapFunction::pci);
  std::ranges::sort(map.nodes, {}, &MapNode::number);
  prune(map);
  return map;
}

struct Told {
  ordered_json document;
  HostMap map;
};

Told told_by(const AgentAnswer& answer) {
  try {
    Told told{ordered_json::parse(bounded_json(answer.out)), {}};
    told.map = map_of(told.document);
    return told;
  } catch (const ordered_json::exception&) {  // no JSON, or not these keys
  } catch (const Error&) {                    // a name or an address is not valid
  }
  throw Error(Fault::io,
              "cannot understand the map of gpupci (is it of this version? cluster sync host "
              "agent)");
}

}  // namespace

HostMap host_map_of(const AgentAnswer& answer) { return told_by(answer).map; }

std::string_view name(Distance distance) {
  constexpr std::array<std::string_view, 6> kNames{"PIX", "PXB", "PHB", "NODE", "SYS", "?"};
  return kNames.at(static_cast<std::size_t>(distance));
}

// A switch is two bridges on the way: the port below, and the one above that both ways share. So
// two functions of one switch have at most one bridge each below what they share.
Distance distance(const HostMap& map, const MapFunction& one, const MapFunction& other) {
  const auto above = bridges_above(map, one);
  const auto beside = bridges_above(map, other);
  for (std::size_t i = 0; i < above.size(); ++i) {
    const auto shared = std::ranges::find(beside, above[i]);
    if (shared == beside.end()) continue;
    const bool is_near = i <= 1 && shared - beside.begin() <= 1;
    return is_near ? Distance::pix : Distance::pxb;
  }
  const auto& top = above.empty() ? one.pci : above.back();
  const auto& other_top = beside.empty() ? other.pci : beside.back();
  if (top.domain == other_top.domain && top.bus == other_top.bus) return Distance::phb;
  if (map.nodes.size() == 1) return Distance::node;
  if (!one.numa_node || !other.numa_node) return Distance::unknown;
  return one.numa_node == other.numa_node ? Distance::node : Distance::sys;
}

std::vector<const MapFunction*> ends_of(const HostMap& map) {
  std::vector<const MapFunction*> ends;
  std::set<GpuName> cards;
  for (const auto& function : map.functions) {
    if (function.kind == "port") continue;
    if (!function.card || cards.insert(*function.card).second) ends.push_back(&function);
  }
  return ends;
}

std::string label(const MapFunction& end) {
  if (end.card) return end.card->str();
  return end.names.empty() ? end.pci.sysfs() : end.names.front();
}

std::string map_json(const AgentAnswer& answer, const CardHolders& holders) {
  const auto told = told_by(answer);
  const auto& map = told.map;
  ordered_json document{{"host", answer.host.name.str()},
                        {"nodes", told.document.at("nodes")},
                        {"functions", told.document.at("functions")}};
  for (auto& function : document["functions"]) {
    const auto card = function.value("card", ordered_json());
    if (!card.is_string()) continue;
    const auto holder = holders.find(GpuName(card.get<std::string>()));
    function["vm"] = holder == holders.end() ? ordered_json() : ordered_json(holder->second.str());
  }
  auto distances = ordered_json::array();
  const auto ends = ends_of(map);
  for (const auto* from : ends) {
    for (const auto* to : ends) {
      if (from == to || !from->card) continue;
      distances.push_back({{"from", label(*from)},
                           {"to", label(*to)},
                           {"distance", name(distance(map, *from, *to))}});
    }
  }
  document["distances"] = distances;
  return json_for_terminal(document.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace cluster::frontend
