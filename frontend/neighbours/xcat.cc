// The stanzas of `lsdef -z`: a name with a colon, and indented lines of NAME=VALUE
// (xcatstanzafile(5)).
#include <algorithm>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {
namespace {

using Values = std::vector<std::pair<std::string, std::pair<std::string, int>>>;

struct Stanza {
  std::string name;
  int line = 0;
  Values values;  // each with its line
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
      stanzas.push_back({std::string(content.substr(0, content.size() - 1)), number, {}});
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

bool is_memory(const std::string& value) {
  try {
    return parse_size("vmmemory", value, 'M', 1, std::numeric_limits<int>::max()) > 0;
  } catch (const Error&) {
    return false;
  }
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
    host.keys["address"] = value;
  } else if (key == "groups") {
    for (const auto group : split(value, ',')) {
      if (!trim(group).empty() && !is_everybody(trim(group))) host.groups.emplace_back(trim(group));
    }
  } else if (key == "rack" && is_number && !is_vm) {
    host.keys["rack"] = value;
  } else if (key == "vmcpus" && is_vm && is_number) {
    host.keys["cpus"] = value;
  } else if (key == "vmmemory" && is_vm && is_memory(value)) {
    host.keys["mem"] = value;
  } else if (key == "username" && !is_vm) {
    host.keys["user"] = value;
  } else {
    hosts.leave(line, host.name + " " + key + "=" + value);
  }
}

}  // namespace

NeighbourReading read_xcat(std::string_view text, const std::string& /*file*/) {
  NeighbourHosts hosts;
  const auto stanzas = stanzas_of(text);
  for (const auto& stanza : stanzas) {
    const auto value_of = [&](std::string_view key) {
      const auto at = std::ranges::find(stanza.values, key, &Values::value_type::first);
      return at == stanza.values.end() ? "" : at->second.first;
    };
    if (const auto type = value_of("objtype"); type != "node" && !type.empty()) {
      hosts.leave(stanza.line, stanza.name + " is of objtype " + type);
      continue;
    }
    auto& host = hosts.at(stanza.name, stanza.line);
    if (const auto on = value_of("vmhost"); !is_expression(on)) host.container = on;
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
  return hosts.reading();
}

}  // namespace cluster::frontend
