#include <algorithm>
#include <array>
#include <optional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/networks.h"
#include "cmd/new_names.h"
#include "core/error.h"
#include "core/ip_address.h"
#include "core/keys.h"
#include "core/names.h"
#include "core/text.h"
#include "core/vlan.h"

namespace cluster::cmd {
namespace network {
namespace {

constexpr int kMinMtu = 68;  // RFC 791
constexpr int kMaxMtu = 65535;

struct NetworkKeys {
  std::optional<std::string> gateway, vlan, mtu, dnszone;

  void declare(Options& options) {
    options.key("gateway", gateway, "address in it of the router to the others [none]");
    options.key("vlan", vlan, "VLAN id, 1 to 4094, of the interfaces that name it [none]");
    options.key("mtu", mtu, "bytes of a packet, 68 to 65535, of these interfaces [the bridge's]");
    options.key("dnszone", dnszone, "zone of DNS with the names in it [NETWORK]");
  }

  void apply(Network& network) const {
    if (gateway) network.gateway = parse_gateway(*gateway);
    if (network.gateway && !network.subnet.has(*network.gateway)) {
      throw Error(Fault::usage, "gateway=" + quote(*network.gateway) + ": want an address in " +
                                    network.subnet.str());
    }
    if (vlan) network.vlan = parse_optional_int("vlan", *vlan, 1, kMaxVlan);
    if (mtu) network.mtu = parse_optional_int("mtu", *mtu, kMinMtu, kMaxMtu);
    if (dnszone) network.zone = parse_zone(*dnszone);
  }

  bool empty() const { return !gateway && !vlan && !mtu && !dnszone; }

 private:
  static std::optional<std::string> parse_gateway(const std::string& text) {
    if (text.empty()) return std::nullopt;
    if (const auto address = spelled_address(text); !address.empty()) return address;
    throw Error(Fault::usage, "gateway=" + quote(text) + ": want an IP address");
  }

  static std::optional<std::string> parse_zone(const std::string& text) {
    if (text.empty()) return std::nullopt;
    try {
      return HostName(text).str();
    } catch (const Error&) {
      throw Error(Fault::usage, "dnszone=" + quote(text) + ": want a DNS name");
    }
  }
};

struct AddArgs {
  std::string name;
  std::string subnet;
  std::string netmask;
  NetworkKeys keys;
};

int run_add(Context& context, const AddArgs& args) {
  Network network{parse_short_name("network", args.name), Subnet::parse(args.subnet, args.netmask)};
  args.keys.apply(network);
  context.inventory(Inventory::Open::create).add_network(network);
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<AddArgs>();
  options.argument("NETWORK", args->name, "name of the new network").required();
  options.argument("SUBNET", args->subnet, "its first address: 10.1.0.0, or 10.1.0.0/16")
      .or_key("subnet")
      .required();
  options.argument("NETMASK", args->netmask, "255.255.0.0 or 16, unless SUBNET has it")
      .or_key("netmask");
  args->keys.declare(options);
  return [args](Context& context) { return run_add(context, *args); };
}

struct SetArgs {
  std::vector<std::string> networks;
  std::optional<std::string> subnet;
  std::string netmask;
  NetworkKeys keys;
};

// Refuses a subnet that has not the addresses of the hosts and interfaces that name the network.
void require_addresses_in(Inventory& inventory, const Network& network) {
  const auto check = [&](const std::string& owner, const std::string& address) {
    if (!is_ip_address(address) || network.subnet.has(address)) return;
    throw Error(Fault::refused, "network " + quote(network.name) + " has " + quote(owner) + " at " +
                                    address + ", which is not in " + network.subnet.str());
  };
  for (const auto& host : inventory.hosts()) {
    if (host.network == network.name && host.address) check(host.name.str(), *host.address);
  }
  for (const auto& vm : inventory.vms()) {
    for (const auto& interface : vm.interfaces) {
      if (!interface.network || interface.network->name != network.name) continue;
      for (const auto& own : interface.addresses) {
        if (own.is_v6() == network.subnet.is_v6()) check(vm.name.str(), own.address());
      }
    }
  }
}

int run_set(Context& context, const SetArgs& args) {
  if (args.keys.empty() && !args.subnet) {
    throw Error(Fault::usage, "set network: nothing to set (want key=value)");
  }
  auto& inventory = context.inventory();
  inventory.together("set network", [&] {
    for (auto& network : chosen_networks(inventory, args.networks)) {
      if (args.subnet) {
        network.subnet = Subnet::parse(*args.subnet, args.netmask);
        require_addresses_in(inventory, network);
      }
      args.keys.apply(network);
      inventory.set_network(network);
    }
  });
  return 0;
}

Action declare_set(Options& options) {
  auto args = std::make_shared<SetArgs>();
  options.argument("NETWORK", args->networks, "networks to change").required();
  options.key("subnet", args->subnet, "its first address: 10.1.0.0, or 10.1.0.0/16");
  options.key("netmask", args->netmask, "255.255.0.0 or 16, unless subnet= has it");
  args->keys.declare(options);
  return [args](Context& context) { return run_set(context, *args); };
}

struct NetworkArgs {
  std::vector<std::string> networks;
};

int run_list(Context& context, const NetworkArgs& args) {
  Table table{{"network", "subnet", "netmask", "mtu", "dnszone", "gateway", "vlan"}, {}};
  for (const auto& one : chosen_networks(context.inventory(), args.networks)) {
    table.rows.push_back({one.name, one.subnet.address(), one.subnet.mask(), cell(one.mtu),
                          one.dns_zone(), cell(one.gateway), cell(one.vlan)});
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<NetworkArgs>();
  options.argument("NETWORK", args->networks, "networks to show [all]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_remove(Context& context, const NetworkArgs& args) {
  auto& inventory = context.inventory();
  inventory.together("remove network", [&] {
    for (const auto& name : args.networks) inventory.remove_network(name);
  });
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<NetworkArgs>();
  options.argument("NETWORK", args->networks, "networks to remove").required();
  return [args](Context& context) { return run_remove(context, *args); };
}

int run_dump(Context& context, const NetworkArgs& args) {
  for (const auto& one : chosen_networks(context.inventory(), args.networks)) {
    context.output.line("cluster add network " + one.name + " " + one.subnet.str() +
                        (one.gateway ? " gateway=" + *one.gateway : "") +
                        (one.vlan ? " vlan=" + std::to_string(*one.vlan) : "") +
                        (one.mtu ? " mtu=" + std::to_string(*one.mtu) : "") +
                        (one.zone ? " dnszone=" + *one.zone : ""));
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<NetworkArgs>();
  options.argument("NETWORK", args->networks, "networks to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"add network", "record a network of the site", kKeepInventory, declare_add},
    Command{"dump network", "print the commands that add the networks again", kKeepInventory,
            declare_dump},
    Command{"list network", "show the networks", kKeepInventory, declare_list, Answer::table},
    Command{"remove network", "take networks out of the inventory", kKeepInventory, declare_remove},
    Command{"set network", "change what is known of networks", kKeepInventory, declare_set},
};

}  // namespace
}  // namespace network

std::vector<Network> chosen_networks(Inventory& inventory, const std::vector<std::string>& names) {
  if (names.empty()) return inventory.networks();
  std::vector<Network> networks;
  for (const auto& name : names) networks.push_back(inventory.require_network(name));
  return networks;
}

void require_in_network(const Network& network, const std::string& address) {
  if (!is_ip_address(address) || network.subnet.has(address)) return;
  throw Error(Fault::usage, "address " + quote(address) + " is not in network " +
                                quote(network.name) + " (" + network.subnet.str() + ")");
}

std::span<const Command> network_commands() { return network::kCommands; }

}  // namespace cluster::cmd
