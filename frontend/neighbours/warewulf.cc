// nodes.conf of Warewulf 4 (YAML): nodes, each with its network devices, tags and profiles.
#include <algorithm>

#include "frontend/neighbours/neighbour.h"
#include "frontend/neighbours/yaml_file.h"

namespace cluster::frontend {
namespace {

// The address of the device that is the primary one: by its name in the node, by a mark of its own,
// because it is called "default", or else as the first that has an address.
std::string address_of(const YAML::Node& node, const YAML::Node& devices) {
  const auto named = node["primary network"] ? node["primary network"].Scalar() : "";
  std::string address;
  int rank = 0;
  for (const auto& device : devices) {
    const auto& values = device.second;
    if (!values.IsMap() || !values["ipaddr"]) continue;
    const auto name = device.first.Scalar();
    const auto is_marked = [&](const char* mark) {
      return values[mark] && values[mark].Scalar() == "true";
    };
    const int here = name == named                                  ? 4
                     : is_marked("primary") || is_marked("default") ? 3
                     : name == "default"                            ? 2
                                                                    : 1;
    if (here > rank) address = values["ipaddr"].Scalar();
    rank = std::max(rank, here);
  }
  return address;
}

void read_node(NeighbourHosts& hosts, const std::string& name, const YAML::Node& node) {
  auto& host = hosts.at(name, line_of(node));
  host.appliance = "compute";
  if (!node.IsMap()) return;
  for (const auto& entry : node) {
    const auto key = entry.first.Scalar();
    const auto& value = entry.second;
    if (key == "primary network") continue;
    if (key == "network devices") {
      if (const auto address = address_of(node, value); !address.empty())
        host.keys["address"] = address;
      for (const auto& device : value) {
        for (const auto& fact : device.second) {
          const auto what = fact.first.Scalar();
          if (what == "ipaddr" && fact.second.Scalar() == host.keys["address"]) continue;
          if (what == "primary" || what == "default" || !fact.second.IsScalar()) continue;
          hosts.leave(line_of(fact.first), name + " " + device.first.Scalar() + " " + what + ": " +
                                               fact.second.Scalar());
        }
      }
    } else if (key == "profiles" && value.IsSequence()) {
      for (const auto& profile : value) {
        if (profile.Scalar() != "default") host.groups.push_back(profile.Scalar());
      }
    } else if ((key == "tags" || key == "keys") && value.IsMap()) {
      for (const auto& tag : value) {
        host.attributes.emplace_back(tag.first.Scalar(), tag.second.Scalar());
      }
    } else {
      hosts.leave(line_of(entry.first),
                  name + " " + key + (value.IsScalar() ? ": " + value.Scalar() : ""));
    }
  }
}

}  // namespace

NeighbourReading read_warewulf(std::string_view text, const std::string& /*file*/) {
  NeighbourHosts hosts;
  read_yaml_file(text, [&](const YAML::Node& document) {
    const auto nodes = document.IsMap() ? document["nodes"] : YAML::Node();
    if (!nodes || !nodes.IsMap()) {
      throw Error(Fault::usage, "it has no `nodes:`, which nodes.conf of Warewulf has");
    }
    for (const auto& node : nodes) read_node(hosts, node.first.Scalar(), node.second);
    for (const auto* profiles : {"nodeprofiles", "profiles"}) {
      if (!document[profiles]) continue;
      for (const auto& profile : document[profiles]) {
        hosts.leave(line_of(profile.first), "profile " + profile.first.Scalar());
      }
    }
  });
  return hosts.reading();
}

}  // namespace cluster::frontend
