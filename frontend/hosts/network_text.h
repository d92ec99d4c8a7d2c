#pragma once

#include <string>
#include <vector>

#include "db/network.h"
#include "frontend/hosts/host_addresses.h"

// What servers of a network are told of its hosts. Each function takes the addresses of any
// networks, and writes those that are in `networks`.
namespace cluster::frontend {

/// Lines of dnsmasq.conf: for each network a range in which only the hosts below get addresses, by
/// their MAC address (https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html).
std::string dnsmasq_text(const std::vector<Network>& networks,
                         const std::vector<NamedAddress>& addresses);

/// The same for dhcpd.conf(5) of ISC. IPv6 needs a file of its own there, and is left out.
std::string dhcpd_text(const std::vector<Network>& networks,
                       const std::vector<NamedAddress>& addresses);

/// Lines of a zone (RFC 1035) with whole names, A and AAAA; with `reverse` PTR.
std::string zone_text(const std::vector<Network>& networks,
                      const std::vector<NamedAddress>& addresses, bool reverse);

/// True if DNS takes `name` for a host: named refuses a zone with '_' in one.
bool is_dns_name(const std::string& name);

}  // namespace cluster::frontend
