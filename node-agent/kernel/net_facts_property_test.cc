// Networks at random, as the files of /proc/net show them.

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>

#include "node-agent/kernel/net_facts.h"
#include "tests/support/fake_proc.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

const std::string kZeros(32, '0');

class FactsProperty : public ::testing::Test {
 protected:
  NetFacts facts() const { return net_facts(proc_.root(), sysfs_.path()); }

  FakeProc proc_;
  TempDir sysfs_;
};

std::string dotted(std::uint32_t address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  const in_addr four{htonl(address)};
  return ::inet_ntop(AF_INET, &four, text.data(), text.size());
}

// As fib_route_seq_show() prints it: the bytes as a number of this machine.
std::string raw(std::uint32_t address) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08X", htonl(address));
  return text.data();
}

struct Port {
  std::uint32_t address = 0;
  unsigned prefix = 0;
};

// Each interface has a network of its own, 10.N.0.0 with some prefix, and an address in it.
TEST_F(FactsProperty, EachInterfaceHasTheAddressesOfItsNetworks) {
  std::mt19937 random(94);
  for (int round = 0; round < 12; ++round) {
    std::string trie = "Local:\n";
    std::string routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n";
    std::map<std::string, std::set<std::string>> addresses;
    std::set<std::string> names;
    std::set<std::string> defaults;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      const auto name = "eth" + std::to_string(i);
      const auto prefix = 16 + random() % 16;
      const auto mask = ~0U << (32 - prefix);
      const auto host = static_cast<std::uint32_t>(1 + random() % 0xfffeU);
      const auto address = 0x0a000000U + (i << 16U) + host;
      const bool has_route = random() % 4 != 0;
      trie += "     |-- " + dotted(address & mask) + "\n        /" + std::to_string(prefix) +
              " link UNICAST\n     |-- " + dotted(address) + "\n        /32 host LOCAL\n     |-- " +
              dotted(address | ~mask) + "\n        /32 link BROADCAST\n";
      if (has_route) {
        names.insert(name);
        addresses[name].insert(dotted(address));
        routes += name + "\t" + raw(address & mask) + "\t00000000\t0001\t0\t0\t0\t" + raw(mask) +
                  "\t0\t0\t0\n";
      }
      if (random() % 3 == 0) {
        names.insert(name);
        defaults.insert(name);
        routes += name + "\t00000000\t" + raw(address) + "\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
      }
    }
    proc_.file("net/fib_trie", trie).file("net/route", routes);
    const auto found = facts();
    EXPECT_EQ(found.addresses, addresses) << trie << routes;
    EXPECT_EQ(found.routes, names) << routes;
    EXPECT_EQ(found.default_routes, defaults) << routes;
  }
}

// fe80::/10 and ff00::/8 are on every interface, and say nothing of who uses it.
TEST_F(FactsProperty, OnlyLinkLocalAndMulticastAddressesOfIpv6AreLeftOut) {
  for (const unsigned first :
       {0x0000U, 0x00feU, 0x0fe8U, 0x2001U, 0xfc00U, 0xfd00U, 0xfe00U, 0xfe7fU, 0xfe80U, 0xfe8fU,
        0xfe90U, 0xfea0U, 0xfeb0U, 0xfebfU, 0xfec0U, 0xfeffU, 0xff00U, 0xff02U, 0xffffU}) {
    std::array<char, 5> digits{};
    std::snprintf(digits.data(), digits.size(), "%04x", first);
    const auto spelled = digits.data() + std::string(27, '0') + "5";
    proc_.file("net/if_inet6", spelled + " 02 40 00 80     eth0\n");
    proc_.file("net/ipv6_route",
               spelled + " 40 " + kZeros + " 00 " + kZeros + " 00000100 1 0 00000001 eth0\n");
    const bool is_left_out = (first & 0xffc0U) == 0xfe80 || (first & 0xff00U) == 0xff00;
    const auto found = facts();
    EXPECT_EQ(found.addresses.contains("eth0"), !is_left_out) << spelled;
    EXPECT_EQ(found.routes.contains("eth0"), !is_left_out) << spelled;
    EXPECT_TRUE(found.default_routes.empty());
  }
}

TEST_F(FactsProperty, AnAddressOfIpv6IsReadWhole) {
  std::mt19937 random(95);
  for (int round = 0; round < 8; ++round) {
    in6_addr address{};
    std::string digits;
    for (auto& byte : address.s6_addr) {
      byte = static_cast<std::uint8_t>(digits.empty() ? 0x20 : random() % 256);
      std::array<char, 3> two{};
      std::snprintf(two.data(), two.size(), "%02x", byte);
      digits += two.data();
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET6, &address, text.data(), text.size());
    proc_.file("net/if_inet6", digits + " 02 40 00 80     eth0\n");
    EXPECT_EQ(facts().addresses["eth0"], std::set<std::string>{text.data()});
    proc_.file("net/if_inet6", digits.substr(1) + " 02 40 00 80     eth0\n");
    EXPECT_TRUE(facts().addresses.empty());
  }
}

TEST_F(FactsProperty, ALineThatIsNoneIsPassedOver) {
  for (const auto* line : {"eth0 x 00000000 1 0 0 0 00FFFFFF", "eth0 0000090A 00000000 1 0 0 0 x",
                           "eth0 0000090A 00000000 1 0 0 0", "eth0 0000090Ax 0 1 0 0 0 00FFFFFF"}) {
    proc_.file("net/route", std::string(line) + "\n");
    EXPECT_TRUE(facts().routes.empty()) << line;
  }
  // Eight fields are enough.
  proc_.file("net/route", "eth0 0000090A 00000000 1 0 0 0 00FFFFFF\n");
  EXPECT_TRUE(facts().routes.contains("eth0"));
  // A route by a gateway does not say that an address is of its network.
  proc_.file("net/fib_trie", "|-- 10.9.0.2\n  /32 host LOCAL\n");
  EXPECT_TRUE(facts().addresses.contains("eth0"));
  proc_.file("net/route", "eth0 0000090A 0100000A 3 0 0 0 00FFFFFF\n");
  EXPECT_TRUE(facts().addresses.empty());
  // Nor is what else the trie shows an address of this host.
  proc_.file("net/route", "eth0 0000090A 00000000 1 0 0 0 00FFFFFF\n");
  for (const auto* other : {"/32 link UNICAST", "/24 host LOCAL", "/32 host", "x 10.9.0.7"}) {
    proc_.file("net/fib_trie", "|-- 10.9.0.2\n  " + std::string(other) + "\n");
    EXPECT_TRUE(facts().addresses.empty()) << other;
  }
  proc_.file("net/packet", "0 3 3 0003 7 1 0 0\n");
  EXPECT_TRUE(facts().packet.empty());
  proc_.file("net/packet", "0 3 3 0003 -1 1 0 0 4711\n0 3 3 0003 1 1 0 0 4712\n");
  EXPECT_EQ(facts().packet, (std::map<unsigned, std::string>{{1, "4712"}}));
  proc_.file("net/ptype", "ALL eth1 packet_rcv_spkt\nALL eth2 tpacket_rcv\nALL eth3 own_rcv\n");
  EXPECT_EQ(facts().protocols, (std::map<std::string, std::string>{{"eth3", "own_rcv"}}));
}

}  // namespace
}  // namespace cluster::agent
