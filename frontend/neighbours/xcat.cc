// The stanzas of `lsdef -z` and of `lsdef -t network -z`: a name with a colon, and indented lines
// of NAME=VALUE (xcatstanzafile(5)).
#include <algorithm>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/keys.h"
#include "core/mac_address.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour_network.h"

namespace cluster::frontend {
namespace {

using Values = std::vector<std::pair<std::string, std::pair<std::string, int>>>;

struct Stanza {
  std::string name;
  int line = 0;
  Values values;  // each with its line

  // "" when it is not said.
  std::string value_of(std::string_view key) const {
    const auto at = std::ranges::find(values, key, &Values::value_type::first);
    return at == values.end() ? "" : at->second.first;
  }
};

std::vector<Stanza> stanzas_of(std::string_view text) {
  std::vector<Stanza> stanzas;
  int number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    const auto content = trim(line);
    if (content.empty() || content.starts_with('#') || content.starts_with('<')) continue;
    const bool is_indented = line.front() == ' ' || line.front() == '\t';
    const auto equals = content.find('=');
    if (!is_indented && content.ends_with(':')) {
      const auto name = trim(content.substr(0, content.size() - 1));
      stanzas.push_back({std::string(name), number, {}});
    } else if (is_indented && !stanzas.empty() && equals != std::string_view::npos) {
      stanzas.back().values.emplace_back(
          trim(content.substr(0, equals)),
          std::pair(std::string(trim(content.substr(equals + 1))), number));
    } else {
      throw Error(Fault::usage, "line " + std::to_string(number) +
                                    ": want NAME: and below it lines of NAME=VALUE, as lsdef -z "
                                    "prints them");
    }
  }
  return stanzas;
}

// What xCAT keeps for itself, and says of every node.
const std::set<std::string> kOwn{"objtype",          "status",       "statustime", "currstate",
                                 "currchain",        "chain",        "appstatus",  "updatestatus",
                                 "updatestatustime", "appstatustime"};

// "|node(\\d+)|10.0.0.($1+0)|", xcatdb(5): a value that is made of the node's name.
bool is_expression(std::string_view value) {
  return value.size() > 1 && value.starts_with('|') && value.ends_with('|');
}

// True if `parse` takes the value, and does not throw.
template <typename Parse>
bool is_taken(Parse parse) {
  try {
    parse();
  } catch (const Error&) {
    return false;
  }
  return true;
}

// A stanza of networks(5).
void read_network(NeighbourHosts& hosts, const Stanza& stanza,
                  std::vector<NeighbourCommand>& commands) {
  const auto net = stanza.value_of("net");
  const auto mask = stanza.value_of("mask");
  if (!is_taken([&] { Subnet::parse(net, mask); })) {
    hosts.leave(stanza.line, "network " + stanza.name + " net=" + net + " mask=" + mask);
    return;
  }
  NeighbourNetwork network(stanza.name, Subnet::parse(net, mask), stanza.line);
  for (const auto& [key, value] : stanza.values) {
    const auto& [text, line] = value;
    if (text.empty() || key == "net" || key == "mask" || key == "objtype") continue;
    const auto ours = key == "vlanid" ? "vlan" : key == "domain" ? "dnszone" : key;
    if (!network.take(ours, text)) {
      hosts.leave(line, "network " + stanza.name + " " + key + "=" + text);
    }
  }
  commands.push_back(network.command());
}

void read_value(NeighbourHosts& hosts, NeighbourHost& host, const std::string& key,
                const std::string& value, int line) {
  const bool is_vm = !host.container.empty();
  const bool is_number = parse_number(value).has_value();
  if (value.empty() || kOwn.contains(key)) return;
  if (is_expression(value)) {
    hosts.leave(line, host.name + " " + key + "=" + value +
                          ": an expression, which `lsdef NODE` works out");
  } else if (key == "vmhost") {
    return;
  } else if (key == "ip" && !is_vm) {
    hosts.set(host, "address", value, line);
  } else if (key == "groups") {
    for (const auto group : split(value, ',')) {
      if (!trim(group).empty() && !is_everybody(trim(group))) host.groups.emplace_back(trim(group));
    }
  } else if (key == "rack" && is_number && !is_vm) {
    hosts.set(host, "rack", value, line);
  } else if (key == "vmcpus" && is_vm && is_number) {
    hosts.set(host, "cpus", value, line);
  } else if (key == "vmmemory" && is_vm && is_taken([&] {
               parse_size("vmmemory", value, 'M', 1, std::numeric_limits<int>::max());
             })) {
    hosts.set(host, "mem", value, line);
  } else if (key == "mac" && !is_vm && is_taken([&] { MacAddress::parse(value); })) {
    hosts.set(host, "mac", value, line);
  } else if (key == "username" && !is_vm) {
    hosts.set(host, "user", value, line);
  } else {
    hosts.leave(line, host.name + " " + key + "=" + value);
  }
}

}  // namespace

NeighbourReading read_xcat(std::string_view text, const std::string& /*file*/) {
  NeighbourHosts hosts;
  std::vector<NeighbourCommand> networks;
  const auto stanzas = stanzas_of(text);
  for (const auto& stanza : stanzas) {
    const auto type = stanza.value_of("objtype");
    if (type == "network") {
      read_network(hosts, stanza, networks);
      continue;
    }
    if (type != "node" && !type.empty()) {
      hosts.leave(stanza.line, stanza.name + " is of objtype " + type);
      continue;
    }
    auto& host = hosts.at(stanza.name, stanza.line);
    if (const auto on = stanza.value_of("vmhost"); !is_expression(on)) host.container = on;
    if (host.container.empty()) host.appliance = "compute";
    for (const auto& [key, value] : stanza.values) {
      read_value(hosts, host, key, value.first, value.second);
    }
  }
  // A host of VMs is one that a VM names.
  for (const auto& stanza : stanzas) {
    for (const auto& [key, value] : stanza.values) {
      if (key == "vmhost" && hosts.has(value.first)) {
        hosts.at(value.first, 0).appliance = "vm-container";
      }
    }
  }
  auto reading = hosts.reading();
  reading.commands.insert(reading.commands.begin(), networks.begin(), networks.end());
  return reading;
}

}  // namespace cluster::frontend
