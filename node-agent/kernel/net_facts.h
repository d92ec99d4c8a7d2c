#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cluster::agent {

/// How the network of this network namespace uses its interfaces, by their names.
struct NetFacts {
  std::set<std::string> default_routes;  ///< also one half of all addresses, 0.0.0.0/1
  std::set<std::string> routes;          ///< any route that is more than link-local

  /// "10.9.0.2"; without the link-local addresses that each IPv6 interface gives itself.
  std::map<std::string, std::set<std::string>> addresses;

  /// A protocol of the kernel that needs no address has asked for the packets of an interface, by
  /// the name of its function: "fcoe_rcv".
  std::map<std::string, std::string> protocols;

  /// The other end of a TCP connection from a link-local address of an interface: "fe80::2". A
  /// disk (NBD, NVMe, iSCSI), a mount or a login may come that way.
  std::map<std::string, std::string> link_local_peers;

  std::set<std::string> pppoe;             ///< an interface below a PPP over Ethernet
  std::set<std::string> xdp;               ///< an XDP program is attached
  std::map<unsigned, std::string> packet;  ///< index of the interface; inode of an AF_PACKET
};

/// Asks the kernel by netlink (rtnetlink(7)), which tells every routing table and every next hop.
/// Where `proc` and `sysfs` are not the kernel's own, and where it does not answer, this reads
/// `net/route`, `net/ipv6_route`, `net/if_inet6` and `net/fib_trie` of `proc` instead; these show
/// of IPv4 only the main table and the first next hop.
NetFacts net_facts(const std::filesystem::path& proc, const std::filesystem::path& sysfs);

/// True when the two folders are file systems of this machine's kernel, so that its system calls
/// speak of the same host.
bool are_of_kernel(const std::filesystem::path& proc, const std::filesystem::path& sysfs);

}  // namespace cluster::agent
