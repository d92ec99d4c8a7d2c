#include "node-agent/kernel/net_facts.h"

#include <arpa/inet.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "core/hex.h"
#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/rtnetlink.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <typename Visit>
void each_line(const fs::path& file, Visit visit) {
  const auto text = read_quietly(file);
  for (const auto line : split(text, '\n')) visit(words_of(line));
}

// The local addresses of IPv4 in network byte order, from fib_trie:
//         |-- 10.9.0.2
//            /32 host LOCAL
std::set<std::uint32_t> local_addresses(const fs::path& proc) {
  std::set<std::uint32_t> found;
  std::uint32_t last = 0;
  each_line(proc / "net/fib_trie", [&](const auto& words) {
    in_addr address{};
    if (words.size() == 2 && words[0] == "|--" &&
        ::inet_pton(AF_INET, std::string(words[1]).c_str(), &address) == 1) {
      last = address.s_addr;
    } else if (words.size() == 3 && words[0] == "/32" && words[2] == "LOCAL") {
      found.insert(last);
    }
  });
  return found;
}

// Iface Destination Gateway Flags RefCnt Use Metric Mask ...
void read_four(const fs::path& proc, NetFacts& facts) {
  const auto locals = local_addresses(proc);
  each_line(proc / "net/route", [&](const auto& words) {
    if (words.size() < 8) return;
    const auto network = parse_hex(words[1]);
    const auto mask = parse_hex(words[7]);
    if (!network || !mask) return;
    const std::string name(words[0]);
    facts.routes.insert(name);
    // The numbers are in network byte order: the first bit of 128.0.0.0 is 0x80.
    if (*mask == 0 || *mask == ::htonl(0x80000000U)) facts.default_routes.insert(name);
    if (*mask == 0 || words[2] != "00000000") return;
    for (const auto local : locals) {
      std::array<char, INET_ADDRSTRLEN> text{};
      const in_addr address{local};
      if ((local & *mask) != *network) continue;
      facts.addresses[name].insert(::inet_ntop(AF_INET, &address, text.data(), text.size()));
    }
  });
}

// The first digits of fe80::/10 and of ff00::/8.
bool is_link_local(std::string_view digits) {
  return digits.starts_with("ff") ||
         (digits.starts_with("fe") && digits.size() > 2 &&
          std::string_view("89ab").find(digits[2]) != std::string_view::npos);
}

std::string address_of(std::string_view digits) {
  in6_addr address{};
  for (std::size_t byte = 0; byte < 16; ++byte) {
    address.s6_addr[byte] =
        static_cast<std::uint8_t>(parse_hex(digits.substr(2 * byte, 2)).value_or(0));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET6, &address, text.data(), text.size());
}

void read_six(const fs::path& proc, NetFacts& facts) {
  // The fields are: destination, its prefix length, source, its prefix length, next hop, metric,
  // references, uses, flags, interface. Every host has an unreachable default route on lo.
  each_line(proc / "net/ipv6_route", [&](const auto& words) {
    if (words.size() < 10 || words[9] == "lo" || is_link_local(words[0])) return;
    const std::string name(words[9]);
    facts.routes.insert(name);
    if (words[1] == "00" || words[1] == "01") facts.default_routes.insert(name);
  });
  // "fe800000000000000000000000000001 02 40 20 80 eth0"
  each_line(proc / "net/if_inet6", [&](const auto& words) {
    if (words.size() < 6 || words[0].size() != 32 || is_link_local(words[0])) return;
    facts.addresses[std::string(words[5])].insert(address_of(words[0]));
  });
}

// The 32 digits of an address of /proc/net/tcp6, which has it as four numbers of the machine, in
// the order of if_inet6: "000080FE00000000..." is "fe80000000000000...".
std::string in_network_order(std::string_view digits) {
  std::string text;
  for (std::size_t word = 0; word + 8 <= digits.size(); word += 8) {
    for (std::size_t byte = 0; byte < 8; byte += 2) {
      const auto at = std::endian::native == std::endian::little ? 6 - byte : byte;
      text += digits.substr(word + at, 2);
    }
  }
  return lower(text);
}

// Two interfaces may have one link-local address, such as a VLAN and its port: either may be meant.
void read_link_local_peers(const fs::path& proc, NetFacts& facts) {
  std::multimap<std::string, std::string> names;
  each_line(proc / "net/if_inet6", [&](const auto& words) {
    if (words.size() < 6 || words[0].size() != 32 || !is_link_local(words[0])) return;
    names.emplace(words[0], words[5]);
  });
  if (names.empty()) return;
  // "0: LOCAL:PORT REMOTE:PORT STATE ...", the addresses in 32 digits; state 01 is established
  // (Documentation/networking/proc_net_tcp.rst).
  each_line(proc / "net/tcp6", [&](const auto& words) {
    if (words.size() < 4 || words[1].size() < 32 || words[2].size() < 32 || words[3] != "01")
      return;
    const auto local = names.equal_range(in_network_order(words[1].substr(0, 32)));
    for (auto at = local.first; at != local.second; ++at) {
      facts.link_local_peers[at->second] = address_of(in_network_order(words[2].substr(0, 32)));
    }
  });
}

bool is_file_system(const fs::path& folder, long type) {
  struct statfs status {};
  return ::statfs(folder.c_str(), &status) == 0 && static_cast<long>(status.f_type) == type;
}

}  // namespace

NetFacts net_facts(const fs::path& proc, const fs::path& sysfs) {
  NetFacts facts;
  if (!are_of_kernel(proc, sysfs) || !ask_kernel(facts)) {
    read_four(proc, facts);
    read_six(proc, facts);
  }
  read_link_local_peers(proc, facts);
  // "Id       Address              Device"
  each_line(proc / "net/pppoe", [&](const auto& words) {
    if (words.size() == 3 && words[0] != "Id") facts.pppoe.emplace(words[2]);
  });
  // "8906 eth0     fcoe_rcv [fcoe]"; without an interface it is for all of them. AF_PACKET is
  // below.
  each_line(proc / "net/ptype", [&](auto words) {
    if (!words.empty() && words.back().starts_with('[')) words.pop_back();
    if (words.size() != 3 || words[0] == "Type") return;
    if (words[2].starts_with("packet_rcv") || words[2] == "tpacket_rcv") return;
    facts.protocols.emplace(words[1], words[2]);
  });
  // "sk               RefCnt Type Proto  Iface R Rmem   User   Inode"
  each_line(proc / "net/packet", [&](const auto& words) {
    const auto index = words.size() > 8 ? parse_number(words[4]) : std::nullopt;
    if (index && *index > 0) facts.packet[static_cast<unsigned>(*index)] = std::string(words[8]);
  });
  return facts;
}

bool are_of_kernel(const fs::path& proc, const fs::path& sysfs) {
  return is_file_system(proc, PROC_SUPER_MAGIC) && is_file_system(sysfs, SYSFS_MAGIC);
}

}  // namespace cluster::agent
