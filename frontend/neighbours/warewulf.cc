// nodes.conf of Warewulf 4 (YAML): nodes, each with its network devices, tags and profiles.
#include <algorithm>
#include <array>

#include "core/mac_address.h"
#include "core/secret_names.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour_network.h"
#include "frontend/neighbours/yaml_file.h"

namespace cluster::frontend {
namespace {

// The network devices of a node or a profile: a map by their names, or a list as the first versions
// had it.
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
      if (!one.IsMap()) continue;
      const auto name = one["name"] ? one["name"] : YAML::Node(one["device"]);
      devices.push_back({name.IsDefined() && name.IsScalar() ? name.Scalar() : "", one});
    }
  }
  std::erase_if(devices, [](const Device& device) { return !device.values.IsMap(); });
  return devices;
}

// "" when it is not said, or not as one text.
std::string text_of(const YAML::Node& values, const std::string& key) {
  const auto value = values[key];
  return value && value.IsScalar() ? value.Scalar() : "";
}

// "10.1.0.1" of "10.1.0.1" and of "10.1.0.1/16".
std::string without_prefix(const std::string& address) {
  return address.substr(0, address.find('/'));
}

// The address of the device that is the primary one: by its name in the node, by a mark of its own,
// because it is called "default", or else as the first that has an address.
std::string address_of(const std::string& named, const std::vector<Device>& devices) {
  std::string address;
  int rank = 0;
  for (const auto& device : devices) {
    const auto& values = device.values;
    const auto here = without_prefix(text_of(values, "ipaddr"));
    if (here.empty()) continue;
    const auto is_marked = [&](const char* mark) {
      return values[mark] && lower(values[mark].Scalar()) == "true";
    };
    const int its_rank = device.name == named                           ? 4
                         : is_marked("primary") || is_marked("default") ? 3
                         : device.name == "default"                     ? 2
                                                                        : 1;
    if (its_rank > rank) address = here;
    rank = std::max(rank, its_rank);
  }
  return address;
}

// The old way of a key, "network devices", "networkdevices" or "network_devices".
bool is_key(std::string key, std::string_view wanted) {
  std::erase_if(key, [](char c) { return c == ' ' || c == '_' || c == '-'; });
  return lower(key) == wanted;
}

bool is_of_devices(const std::string& key) {
  return is_key(key, "networkdevices") || is_key(key, "netdevs");
}

// The names in a list, or in one text with commas; "~name" takes one away.
std::vector<std::string> profiles_of(const YAML::Node& value) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (name.starts_with('~')) {
      std::erase(names, name.substr(1));
    } else if (!name.empty()) {
      names.emplace_back(name);
    }
  };
  if (value.IsScalar()) {
    for (const auto name : split(value.Scalar(), ',')) add(trim(name));
  }
  for (const auto& profile : value) add(profile.Scalar());
  return names;
}

class Warewulf {
 public:
  NeighbourReading read(const YAML::Node& document) {
    for (const auto* profiles : {"nodeprofiles", "profiles"}) {
      if (!document[profiles]) continue;
      for (const auto& profile : document[profiles]) {
        read_profile(profile.first.Scalar(), profile.second);
      }
    }
    for (const auto& node : document["nodes"]) read_node(node.first.Scalar(), node.second);
    for (const auto& entry : document) {
      constexpr std::array kRead{"WW_INTERNAL", "nodeprofiles", "nodes", "profiles"};
      const auto key = entry.first.Scalar();
      if (std::ranges::find(kRead, key) == kRead.end()) leave(entry, key);
    }
    auto reading = hosts_.reading();
    std::vector<NeighbourCommand> networks;
    for (const auto& [name, network] : networks_) networks.push_back(network.command());
    reading.commands.insert(reading.commands.begin(), networks.begin(), networks.end());
    return reading;
  }

 private:
  // What the profiles of a node say of its devices: the last of them counts.
  class Profiles {
   public:
    void add(const std::vector<Device>& devices) {
      devices_.insert(devices_.begin(), devices.begin(), devices.end());
    }

    // What the node says itself goes before.
    std::string text(const Device& device, const std::string& key) const {
      auto found = text_of(device.values, key);
      for (const auto& one : devices_) {
        if (found.empty() && one.name == device.name) found = text_of(one.values, key);
      }
      return found;
    }

   private:
    std::vector<Device> devices_;
  };

  void leave_unless_null(const YAML::Node& node, const std::string& what) {
    if (!node.IsNull()) hosts_.leave(line_of(node), what + ": " + told_line(node));
  }

  void read_profile(const std::string& name, const YAML::Node& values) {
    if (!values.IsMap()) return leave_unless_null(values, "profile " + name);
    for (const auto& entry : values) {
      const auto key = entry.first.Scalar();
      if (!is_of_devices(key)) {
        leave(entry, "profile " + name + " " + key);
        continue;
      }
      devices_[name] = devices_of(entry.second);
      for (const auto& device : devices_[name]) {
        for (const auto& fact : device.values) {
          const auto what = fact.first.Scalar();
          if (what == "netmask" || what == "gateway" || what == "mtu") continue;
          leave(fact, "profile " + name + " " + device.name + " " + what);
        }
      }
    }
  }

  void read_node(const std::string& name, const YAML::Node& node) {
    auto& host = hosts_.at(name, line_of(node));
    host.appliance = "compute";
    if (!node.IsMap()) return leave_unless_null(node, name);
    std::vector<std::string> names{"default"};  // in which a node is that names none
    if (node["profiles"]) names = profiles_of(node["profiles"]);
    Profiles profiles;
    for (const auto& one : names) {
      profiles.add(devices_[one]);
      if (one != "default") host.groups.push_back(one);
    }
    for (const auto& entry : node) {
      const auto key = entry.first.Scalar();
      const auto& value = entry.second;
      if (key == "primary network" || key == "profiles") continue;
      if (is_of_devices(key)) {
        read_devices(host, text_of(node, "primary network"), devices_of(value), profiles);
      } else if ((key == "tags" || key == "keys") && value.IsMap()) {
        for (const auto& tag : value) {
          host.attributes.emplace_back(tag.first.Scalar(), one_line(tag.second));
        }
      } else {
        leave(entry, name + " " + key);
      }
    }
  }

  void read_devices(NeighbourHost& host, const std::string& named,
                    const std::vector<Device>& devices, const Profiles& profiles) {
    const auto address = address_of(named, devices);
    if (!address.empty()) host.keys["address"] = address;
    for (const auto& device : devices) {
      const auto here = text_of(device.values, "ipaddr");
      const bool is_primary = !address.empty() && without_prefix(here) == address;
      auto* network = network_of(device, profiles);
      if (is_primary && network != nullptr) host.keys["subnet"] = network->name();
      for (const auto& fact : device.values) {
        const auto key = fact.first.Scalar();
        if (key == "primary" || key == "default" || key == "name") continue;
        if (fact.second.IsScalar() &&
            ((is_primary && take(host, key, fact.second.Scalar())) ||
             (network != nullptr && is_of_network(key, fact.second.Scalar(), *network)))) {
          continue;
        }
        leave(fact, host.name + " " + device.name + " " + key);
      }
    }
  }

  // The network that the device is in, with what is known of it; nullptr when its mask is not
  // known, and when the network of that name is another one.
  NeighbourNetwork* network_of(const Device& device, const Profiles& profiles) {
    const auto address = text_of(device.values, "ipaddr");
    try {
      const auto subnet = Subnet::around(
          address, address.find('/') == std::string::npos ? profiles.text(device, "netmask") : "");
      auto& network =
          networks_.try_emplace(device.name, device.name, subnet, line_of(device.values))
              .first->second;
      if (network.subnet() != subnet) return nullptr;
      for (const auto* key : {"gateway", "mtu"}) network.take(key, profiles.text(device, key));
      return &network;
    } catch (const Error&) {
      return nullptr;
    }
  }

  // True if the address or the MAC address of the host says it all.
  static bool take(NeighbourHost& host, const std::string& key, const std::string& value) {
    if (key == "ipaddr") return true;
    if (key != "hwaddr") return false;
    try {
      host.keys["mac"] = MacAddress::parse(value).str();
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  static bool is_of_network(const std::string& key, const std::string& value,
                            NeighbourNetwork& network) {
    return key == "netmask" || ((key == "gateway" || key == "mtu") && network.take(key, value));
  }

  template <typename Entry>
  void leave(const Entry& entry, const std::string& what) {
    hosts_.leave(line_of(entry.first), what + (entry.second.IsNull() ? "" : ": " + told(entry)));
  }

  template <typename Entry>
  static std::string told(const Entry& entry) {
    return may_be_secret(entry.first.Scalar()) ? "***" : told_line(entry.second);
  }

  NeighbourHosts hosts_;
  std::map<std::string, std::vector<Device>> devices_;  // of each profile
  std::map<std::string, NeighbourNetwork> networks_;    // by their names there
};

}  // namespace

NeighbourReading read_warewulf(std::string_view text, const std::string& /*file*/) {
  NeighbourReading reading;
  read_yaml_file(text, [&](const YAML::Node& document) {
    const auto nodes = document.IsMap() ? document["nodes"] : YAML::Node();
    if (!nodes || !nodes.IsMap()) {
      throw Error(Fault::usage, "it has no `nodes:`, which nodes.conf of Warewulf has");
    }
    reading = Warewulf().read(document);
  });
  return reading;
}

}  // namespace cluster::frontend
