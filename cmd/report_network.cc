#include <algorithm>
#include <array>
#include <functional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/networks.h"
#include "core/error.h"
#include "core/folded_names.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/network_text.h"

namespace cluster::cmd {
namespace report_network {
namespace {

using frontend::NamedAddress;

// Names on standard error those whose address is left out, by `is_left_out`.
void note_left_out(Context& context, const std::vector<NamedAddress>& addresses,
                   const std::string& why, bool (*is_left_out)(const NamedAddress&)) {
  std::vector<std::string> names;
  for (const auto& one : addresses) {
    if (is_left_out(one)) names.push_back(one.name);
  }
  if (!names.empty()) context.output.note(why + counted_names(names));
}

// The addresses of all hosts. Those that are in none of `networks` are named when all were asked
// for, and otherwise left alone.
std::vector<NamedAddress> addresses_in(Context& context, const std::vector<Network>& networks,
                                       bool are_all) {
  auto& inventory = context.inventory();
  auto addresses = frontend::addresses_of(inventory, inventory.hosts()).known;
  if (are_all) {
    note_left_out(context, addresses, "the inventory has no network of ",
                  [](const NamedAddress& one) { return !one.network; });
  }
  std::erase_if(addresses, [&](const NamedAddress& one) {
    return std::ranges::none_of(
        networks, [&](const Network& network) { return one.network == network.name; });
  });
  return addresses;
}

struct DhcpArgs {
  std::vector<std::string> networks;
  std::string server = "dnsmasq";
};

int run_dhcp(Context& context, const DhcpArgs& args) {
  if (args.server != "dnsmasq" && args.server != "isc") {
    throw Error(Fault::usage, "server=" + quote(args.server) + ": want dnsmasq or isc");
  }
  const auto networks = chosen_networks(context.inventory(), args.networks);
  const auto addresses = addresses_in(context, networks, args.networks.empty());
  note_left_out(context, addresses, "the inventory has no MAC address of ",
                [](const NamedAddress& one) { return !one.mac; });
  context.output.text(args.server == "isc" ? frontend::dhcpd_text(networks, addresses)
                                           : frontend::dnsmasq_text(networks, addresses));
  return 0;
}

Action declare_dhcp(Options& options) {
  auto args = std::make_shared<DhcpArgs>();
  options.argument("NETWORK", args->networks, "networks to report [all]");
  options.key("server", args->server, "dnsmasq or isc, whose file it is for [dnsmasq]");
  return [args](Context& context) { return run_dhcp(context, *args); };
}

struct DnsArgs {
  std::vector<std::string> networks;
  std::string reverse = "no";
};

int run_dns(Context& context, const DnsArgs& args) {
  const bool reverse = parse_yes_no("reverse", args.reverse);
  const auto networks = chosen_networks(context.inventory(), args.networks);
  const auto addresses = addresses_in(context, networks, args.networks.empty());
  note_left_out(context, addresses, "DNS takes no '_' in the name of a host: ",
                [](const NamedAddress& one) { return !frontend::is_dns_name(one.name); });
  context.output.text(frontend::zone_text(networks, addresses, reverse));
  return 0;
}

Action declare_dns(Options& options) {
  auto args = std::make_shared<DnsArgs>();
  options.argument("NETWORK", args->networks, "networks to report [all]");
  options.key("reverse", args->reverse, "yes: the names of addresses, PTR [no]");
  return [args](Context& context) { return run_dns(context, *args); };
}

constexpr std::array kCommands{
    Command{"report network dhcp", "print what a DHCP server is told of the hosts", kKeepInventory,
            declare_dhcp},
    Command{"report network dns", "print the hosts as lines of a DNS zone", kKeepInventory,
            declare_dns},
};

}  // namespace
}  // namespace report_network

std::span<const Command> report_network_commands() { return report_network::kCommands; }

}  // namespace cluster::cmd
