// nodes.conf of Warewulf 4 (YAML): nodes, each with its network devices, tags and profiles.
#include <algorithm>

#include "core/text.h"
#include "frontend/neighbours/neighbour.h"
#include "frontend/neighbours/yaml_file.h"

namespace cluster::frontend {
namespace {

// The network devices of a node: a map by their names, or a list as the first versions had it.
struct Device {  // NOLINT(bugprone-exception-escape): a YAML::Node is copied when it moves
  std::string name;
  YAML::Node values;
};

std::vector<Device> devices_of(const YAML::Node& node) {
  std::vector<Device> devices;
  if (node.IsMap()) {
    for (const auto& one : node) devices.push_back({one.first.Scalar(), one.second});
  } else if (node.IsSequence()) {
    for (const auto& one : node) {
      const auto name = one.IsMap() && one["name"] ? one["name"] : YAML::Node(one["device"]);
      devices.push_back({name.IsDefined() && name.IsScalar() ? name.Scalar() : "", one});
    }
  }
  std::erase_if(devices, [](const Device& device) { return !device.values.IsMap(); });
  return devices;
}

// "10.1.0.1" of "10.1.0.1" and of "10.1.0.1/16".
std::string address_in(const YAML::Node& value) {
  const auto& text = value.Scalar();
  return text.substr(0, text.find('/'));
}

// The address of the device that is the primary one: by its name in the node, by a mark of its own,
// because it is called "default", or else as the first that has an address.
std::string address_of(const std::string& named, const std::vector<Device>& devices) {
  std::string address;
  int rank = 0;
  for (const auto& device : devices) {
    const auto& values = device.values;
    if (!values["ipaddr"]) continue;
    const auto is_marked = [&](const char* mark) {
      return values[mark] && lower(values[mark].Scalar()) == "true";
    };
    const int here = device.name == named                           ? 4
                     : is_marked("primary") || is_marked("default") ? 3
                     : device.name == "default"                     ? 2
                                                                    : 1;
    if (here > rank) address = address_in(values["ipaddr"]);
    rank = std::max(rank, here);
  }
  return address;
}

void read_devices(NeighbourHosts& hosts, NeighbourHost& host, const std::string& named,
                  const YAML::Node& value) {
  const auto devices = devices_of(value);
  if (auto address = address_of(named, devices); !address.empty()) {
    host.keys["address"] = std::move(address);
  }
  for (const auto& device : devices) {
    for (const auto& fact : device.values) {
      const auto what = fact.first.Scalar();
      if (what == "ipaddr" && address_in(fact.second) == host.keys["address"]) continue;
      if (what == "primary" || what == "default" || what == "name" || !fact.second.IsScalar()) {
        continue;
      }
      hosts.leave(line_of(fact.first),
                  host.name + " " + device.name + " " + what + ": " + fact.second.Scalar());
    }
  }
}

// The old way of a key, "network devices", "networkdevices" or "network_devices".
bool is_key(std::string key, std::string_view wanted) {
  std::erase_if(key, [](char c) { return c == ' ' || c == '_' || c == '-'; });
  return lower(key) == wanted;
}

// A list, or one text with commas.
void read_profiles(NeighbourHost& host, const YAML::Node& value) {
  const auto add = [&](std::string_view name) {
    if (name != "default" && !name.empty()) host.groups.emplace_back(name);
  };
  if (value.IsScalar()) {
    for (const auto name : split(value.Scalar(), ',')) add(trim(name));
  }
  for (const auto& profile : value) add(profile.Scalar());
}

void read_node(NeighbourHosts& hosts, const std::string& name, const YAML::Node& node) {
  auto& host = hosts.at(name, line_of(node));
  host.appliance = "compute";
  if (!node.IsMap()) return;
  const auto primary = node["primary network"];
  const auto named = primary && primary.IsScalar() ? primary.Scalar() : "";
  for (const auto& entry : node) {
    const auto key = entry.first.Scalar();
    const auto& value = entry.second;
    if (key == "primary network") continue;
    if (is_key(key, "networkdevices") || is_key(key, "netdevs")) {
      read_devices(hosts, host, named, value);
    } else if (key == "profiles" && (value.IsSequence() || value.IsScalar())) {
      read_profiles(host, value);
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
