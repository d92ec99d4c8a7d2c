#include "frontend/hosts/network_text.h"

#include <arpa/inet.h>

#include <array>
#include <set>

#include "core/hex.h"
#include "core/ip_address.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

// Calls `with` for each address that is in `network` and whose interface is known.
template <typename With>
void each_lease(const Network& network, const std::vector<NamedAddress>& addresses, With with) {
  for (const auto& one : addresses) {
    if (one.network == network.name && one.mac && is_ip_v6(one.address) == network.subnet.is_v6()) {
      with(one);
    }
  }
}

// "n1.local" of "n1"; a name that ends with its zone is whole.
std::string whole_name(const std::string& name, const std::string& zone) {
  return name.ends_with("." + zone) ? name : name + "." + zone;
}

// "5.0.1.10.in-addr.arpa", or the nibbles of IPv6 below ip6.arpa.
std::string reverse_name(const std::string& address) {
  const bool six = is_ip_v6(address);
  std::array<unsigned char, 16> bytes{};
  inet_pton(six ? AF_INET6 : AF_INET, address.c_str(), bytes.data());
  std::string name;
  for (std::size_t i = six ? 16 : 4; i-- > 0;) {
    const auto byte = bytes[i];
    if (six) {
      name += to_hex(byte & 0xfU, 1) + '.' + to_hex(byte >> 4U, 1);
    } else {
      name += std::to_string(byte);
    }
    name += '.';
  }
  return name + (six ? "ip6.arpa" : "in-addr.arpa");
}

}  // namespace

std::string dnsmasq_text(const std::vector<Network>& networks,
                         const std::vector<NamedAddress>& addresses) {
  std::string text;
  for (const auto& network : networks) {
    const auto& subnet = network.subnet;
    const auto option = [&](const std::string& name, const std::string& value) {
      text += "dhcp-option=tag:" + network.name + ",option:" + name + "," + value + "\n";
    };
    text += "# " + network.name + ": " + subnet.str() + "\n";
    text += "dhcp-range=set:" + network.name + "," + subnet.address() + ",static," +
            (subnet.is_v6() ? std::to_string(subnet.prefix()) : subnet.mask()) + "\n";
    if (!subnet.is_v6()) {  // IPv6 has these from router advertisements
      if (network.gateway) option("router", *network.gateway);
      if (network.mtu) option("mtu", std::to_string(*network.mtu));
      option("domain-name", network.dns_zone());
    }
    each_lease(network, addresses, [&](const NamedAddress& one) {
      text += "dhcp-host=" + one.mac->str() + "," +
              (is_ip_v6(one.address) ? "[" + one.address + "]" : one.address) + "," + one.name +
              "\n";
    });
  }
  return text;
}

std::string dhcpd_text(const std::vector<Network>& networks,
                       const std::vector<NamedAddress>& addresses) {
  std::string text;
  std::set<std::string> used;  // a host is declared once, under one name
  for (const auto& network : networks) {
    const auto& subnet = network.subnet;
    if (subnet.is_v6()) continue;
    const auto option = [&](const char* name, const std::string& value) {
      text += "  option " + std::string(name) + " " + value + ";\n";
    };
    text +=
        "# " + network.name + "\nsubnet " + subnet.address() + " netmask " + subnet.mask() + " {\n";
    if (network.gateway) option("routers", *network.gateway);
    if (network.mtu) option("interface-mtu", std::to_string(*network.mtu));
    option("domain-name", "\"" + network.dns_zone() + "\"");
    text += "}\n";
    each_lease(network, addresses, [&](const NamedAddress& one) {
      auto declared = one.name;
      while (!used.insert(declared).second) declared += "-" + network.name;
      text += "host " + declared + " { hardware ethernet " + one.mac->str() + "; fixed-address " +
              one.address + "; option host-name \"" + one.name + "\"; }\n";
    });
  }
  return text;
}

std::string zone_text(const std::vector<Network>& networks,
                      const std::vector<NamedAddress>& addresses, bool reverse) {
  std::string text;
  for (const auto& network : networks) {
    text += "; " + network.name + ": " + network.subnet.str() + "\n";
    for (const auto& one : addresses) {
      if (one.network != network.name || !is_dns_name(one.name)) continue;
      const auto name = whole_name(one.name, network.dns_zone()) + ".";
      if (reverse) {
        text += reverse_name(one.address) + ".\tIN\tPTR\t" + name + "\n";
      } else {
        text +=
            name + "\tIN\t" + (is_ip_v6(one.address) ? "AAAA" : "A") + "\t" + one.address + "\n";
      }
    }
  }
  return text;
}

bool is_dns_name(const std::string& name) { return name.find('_') == std::string::npos; }

}  // namespace cluster::frontend
