#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/file.h"
#include "node-agent/kernel/net_facts.h"

namespace cluster::agent {

/// An interface, as RTM_NEWLINK tells it (rtnetlink(7), include/uapi/linux/if_link.h).
struct NetLink {
  unsigned index = 0;
  std::string name;                 ///< "eth0"
  bool up = false;                  ///< IFF_UP: the operator's word, not the cable's
  bool xdp = false;                 ///< an XDP program is attached
  unsigned lower = 0;               ///< the index of the interface below it; 0 is none
  std::optional<std::int32_t> far;  ///< the namespace of that one, where it is another
  std::string parent;               ///< "0000:03:00.0", "1-2:1.0"; since Linux 5.14
  std::string parent_bus;           ///< "pci", "usb"
};

/// A socket that asks the kernel about one network namespace: the one in which it was made.
class RouteSocket {
 public:
  /// For the namespace in which this thread is. Without a socket, every answer is empty.
  RouteSocket();

  explicit operator bool() const { return static_cast<bool>(file_); }

  /// Every interface; nothing when the kernel did not tell all of them within two seconds.
  std::optional<std::vector<NetLink>> links() const;

  /// Puts routes and addresses into `facts`. Returns false when the kernel did not tell all.
  bool routes(const std::vector<NetLink>& links, NetFacts& facts) const;

  /// The number by which this namespace knows the one that is open as `space`.
  std::optional<std::int32_t> number_of(const FileDescriptor& space) const;

  /// What a driver says of the place of its device, "0000:03:00.0" or "usb-0000:00:14.0-2"
  /// (SIOCETHTOOL, ETHTOOL_GDRVINFO); "" when it says nothing.
  std::string bus_info(const std::string& interface) const;

 private:
  using Visit = std::function<void(const void* message)>;

  bool ask(const void* request, std::size_t size, const Visit& visit) const;
  bool dump(std::uint16_t type, unsigned char family, const Visit& visit) const;

  /// The interfaces of each next hop that is an object of its own (ip-nexthop(8)), by its number.
  std::map<std::uint32_t, std::vector<unsigned>> next_hops() const;

  FileDescriptor file_;
};

/// Puts into `facts` what netlink tells of our network namespace. Returns false when it does not
/// tell all; the facts are unchanged then.
bool ask_kernel(NetFacts& facts);

}  // namespace cluster::agent
