#include "node-agent/kernel/rtnetlink.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/net_namespace.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>

namespace cluster::agent {
namespace {

// Numbers of include/uapi/linux/if_link.h that the headers of an older distribution lack.
constexpr unsigned short kXdp = 43;
constexpr unsigned short kXdpAttached = 2;
constexpr unsigned short kParentName = 56;
constexpr unsigned short kParentBus = 57;

using Attributes = std::map<unsigned short, std::string_view>;

Attributes attributes(const void* first, std::size_t size) {
  Attributes found;
  std::string_view rest(static_cast<const char*>(first), size);
  while (rest.size() >= sizeof(rtattr)) {
    rtattr head{};
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > rest.size()) break;
    found.emplace(static_cast<unsigned short>(head.rta_type & NLA_TYPE_MASK),
                  rest.substr(sizeof head, head.rta_len - sizeof head));
    rest.remove_prefix(std::min<std::size_t>(RTA_ALIGN(head.rta_len), rest.size()));
  }
  return found;
}

// The attributes behind the fixed part of a message, which is copied into `fixed`.
template <typename Fixed>
Attributes attributes_of(const void* message, Fixed& fixed) {
  nlmsghdr head{};
  std::memcpy(&head, message, sizeof head);
  const auto start = NLMSG_LENGTH(NLMSG_ALIGN(sizeof fixed));
  if (head.nlmsg_len < start) return {};
  std::memcpy(&fixed, static_cast<const char*>(message) + NLMSG_HDRLEN, sizeof fixed);
  return attributes(static_cast<const char*>(message) + start, head.nlmsg_len - start);
}

template <typename Number>
Number number(std::string_view bytes) {
  Number value{};
  if (bytes.size() >= sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <typename Number>
Number number_in(const Attributes& all, unsigned short type) {
  const auto found = all.find(type);
  return found == all.end() ? Number{} : number<Number>(found->second);
}

std::string text_in(const Attributes& all, unsigned short type) {
  const auto found = all.find(type);
  if (found == all.end()) return "";
  return std::string(found->second.substr(0, found->second.find('\0')));
}

std::string_view bytes_in(const Attributes& all, unsigned short type) {
  const auto found = all.find(type);
  return found == all.end() ? std::string_view() : found->second;
}

// fe80::/10 and ff00::/8
bool is_link_local(unsigned char family, std::string_view address) {
  if (family != AF_INET6 || address.size() != 16) return false;
  const auto first = static_cast<unsigned char>(address[0]);
  return first == 0xff ||
         (first == 0xfe && (static_cast<unsigned char>(address[1]) & 0xc0U) == 0x80);
}

NetLink link_of(const void* message) {
  ifinfomsg fixed{};
  const auto all = attributes_of(message, fixed);
  NetLink link;
  link.index = static_cast<unsigned>(fixed.ifi_index);
  link.name = text_in(all, IFLA_IFNAME);
  link.up = (fixed.ifi_flags & IFF_UP) != 0;
  link.lower = number_in<std::uint32_t>(all, IFLA_LINK);
  if (all.contains(IFLA_LINK_NETNSID)) link.far = number_in<std::int32_t>(all, IFLA_LINK_NETNSID);
  const auto xdp = bytes_in(all, kXdp);
  link.xdp = number_in<std::uint8_t>(attributes(xdp.data(), xdp.size()), kXdpAttached) != 0;
  link.parent = text_in(all, kParentName);
  link.parent_bus = text_in(all, kParentBus);
  return link;
}

// The indices of the interfaces by which a route goes.
std::vector<unsigned> hops_of(const Attributes& route) {
  std::vector<unsigned> found;
  if (const auto one = number_in<std::uint32_t>(route, RTA_OIF); one != 0) found.push_back(one);
  auto rest = bytes_in(route, RTA_MULTIPATH);
  while (rest.size() >= sizeof(rtnexthop)) {
    const auto hop = number<rtnexthop>(rest);
    if (hop.rtnh_len < sizeof hop) break;
    found.push_back(static_cast<unsigned>(hop.rtnh_ifindex));
    rest.remove_prefix(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), rest.size()));
  }
  return found;
}

}  // namespace

RouteSocket::RouteSocket() : file_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  const timeval patience{2, 0};
  if (file_) ::setsockopt(file_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

bool RouteSocket::ask(const void* request, std::size_t size, const Visit& visit) const {
  if (!file_ || ::send(file_.get(), request, size, 0) < 0) return false;
  std::vector<char> block(32768);
  for (;;) {
    const auto count = ::recv(file_.get(), block.data(), block.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    auto left = static_cast<std::size_t>(count);
    for (const char* at = block.data(); left >= sizeof(nlmsghdr);) {
      nlmsghdr head{};
      std::memcpy(&head, at, sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > left) return false;
      if (head.nlmsg_type == NLMSG_DONE) return true;
      if (head.nlmsg_type == NLMSG_ERROR) return false;
      visit(at);
      if ((head.nlmsg_flags & NLM_F_MULTI) == 0) return true;
      const auto step = std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), left);
      at += step;
      left -= step;
    }
  }
}

bool RouteSocket::dump(std::uint16_t type, unsigned char family, const Visit& visit) const {
  struct {
    nlmsghdr head;
    ifinfomsg what;
  } request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = type;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.what.ifi_family = family;
  // Where the kernel takes no more than its own head of a question, this one is half as long.
  if (type == RTM_GETNEXTHOP) request.head.nlmsg_len = NLMSG_LENGTH(sizeof(nhmsg));
  return ask(&request, request.head.nlmsg_len, visit);
}

// A group names the ones that it is made of. A kernel before 5.3 has none, and says so.
std::map<std::uint32_t, std::vector<unsigned>> RouteSocket::next_hops() const {
  std::map<std::uint32_t, std::vector<unsigned>> found;
  std::map<std::uint32_t, std::string> groups;
  dump(RTM_GETNEXTHOP, AF_UNSPEC, [&](const void* message) {
    nhmsg fixed{};
    const auto all = attributes_of(message, fixed);
    const auto id = number_in<std::uint32_t>(all, NHA_ID);
    if (const auto by = number_in<std::uint32_t>(all, NHA_OIF); by != 0) found[id].push_back(by);
    if (const auto group = bytes_in(all, NHA_GROUP); !group.empty()) groups[id] = group;
  });
  for (const auto& [id, members] : groups) {
    std::string_view rest = members;
    for (; rest.size() >= sizeof(nexthop_grp); rest.remove_prefix(sizeof(nexthop_grp))) {
      const auto one = found.find(number<nexthop_grp>(rest).id);
      if (one == found.end()) continue;
      const auto by = one->second;
      auto& all = found[id];
      all.insert(all.end(), by.begin(), by.end());
    }
  }
  return found;
}

std::optional<std::vector<NetLink>> RouteSocket::links() const {
  std::vector<NetLink> found;
  const bool whole = dump(RTM_GETLINK, AF_UNSPEC, [&](const void* message) {
    auto link = link_of(message);
    if (!link.name.empty()) found.push_back(std::move(link));
  });
  return whole ? std::optional(std::move(found)) : std::nullopt;
}

bool RouteSocket::routes(const std::vector<NetLink>& links, NetFacts& facts) const {
  const auto name_of = [&](unsigned index) {
    const auto link = std::ranges::find(links, index, &NetLink::index);
    return link == links.end() ? std::string() : link->name;
  };
  const auto next = next_hops();
  const auto add_address = [&](const void* message) {
    ifaddrmsg fixed{};
    const auto all = attributes_of(message, fixed);
    auto bytes = bytes_in(all, IFA_LOCAL);
    if (bytes.empty()) bytes = bytes_in(all, IFA_ADDRESS);
    if (bytes.empty() || is_link_local(fixed.ifa_family, bytes)) return;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_ntop(fixed.ifa_family, bytes.data(), text.data(), text.size()) == nullptr) return;
    facts.addresses[name_of(fixed.ifa_index)].insert(text.data());
  };
  const auto add_route = [&](const void* message) {
    rtmsg fixed{};
    const auto all = attributes_of(message, fixed);
    if (fixed.rtm_type != RTN_UNICAST || (fixed.rtm_flags & RTM_F_CLONED) != 0) return;
    if (is_link_local(fixed.rtm_family, bytes_in(all, RTA_DST))) return;
    auto hops = hops_of(all);
    // Where net.ipv4.nexthop_compat_mode is 0, a route tells the number of its next hop alone.
    const auto object = next.find(number_in<std::uint32_t>(all, RTA_NH_ID));
    if (hops.empty() && object != next.end()) hops = object->second;
    for (const auto hop : hops) {
      facts.routes.insert(name_of(hop));
      if (fixed.rtm_dst_len <= 1) facts.default_routes.insert(name_of(hop));
    }
  };
  // IPv6 may be off: then the kernel knows no such family.
  const bool four =
      dump(RTM_GETADDR, AF_INET, add_address) && dump(RTM_GETROUTE, AF_INET, add_route);
  dump(RTM_GETADDR, AF_INET6, add_address);
  dump(RTM_GETROUTE, AF_INET6, add_route);
  return four;
}

std::optional<std::int32_t> RouteSocket::number_of(const FileDescriptor& space) const {
  struct {
    nlmsghdr head;
    rtgenmsg what;
    alignas(4) rtattr attribute;
    std::int32_t file;
  } request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = RTM_GETNSID;
  request.head.nlmsg_flags = NLM_F_REQUEST;
  request.attribute.rta_len = sizeof request.attribute + sizeof request.file;
  request.attribute.rta_type = NETNSA_FD;
  request.file = space.get();
  std::optional<std::int32_t> found;
  ask(&request, sizeof request, [&](const void* message) {
    rtgenmsg fixed{};
    found = number_in<std::int32_t>(attributes_of(message, fixed), NETNSA_NSID);
  });
  return found && *found >= 0 ? found : std::nullopt;
}

std::string RouteSocket::bus_info(const std::string& interface) const {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&info);
  if (!file_ || ::ioctl(file_.get(), SIOCETHTOOL, &request) != 0) return "";
  return {info.bus_info, ::strnlen(info.bus_info, sizeof info.bus_info)};
}

bool ask_kernel(NetFacts& facts) {
  const RouteSocket socket;
  const auto links = socket.links();
  NetFacts found;
  if (!links || !socket.routes(*links, found)) return false;
  for (const auto& link : *links) {
    if (link.xdp) found.xdp.insert(link.name);
  }
  facts = std::move(found);
  return true;
}

}  // namespace cluster::agent
