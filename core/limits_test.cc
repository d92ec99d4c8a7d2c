// The least and the most of each thing that a person may write: the last that is taken, and the
// first that is refused.

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/expanded_names.h"
#include "core/file.h"
#include "core/folded_names.h"
#include "core/ip_address.h"
#include "core/keys.h"
#include "core/names.h"
#include "core/random.h"
#include "core/subnet.h"
#include "core/text.h"

namespace cluster {
namespace {

struct Limit {
  const char* what;
  std::function<void()> taken;
  std::function<void()> refused;
};

void check(const std::vector<Limit>& limits) {
  for (const auto& limit : limits) {
    EXPECT_NO_THROW(limit.taken()) << limit.what;
    try {
      limit.refused();
      ADD_FAILURE() << limit.what << " is taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage) << limit.what;
      EXPECT_LT(std::string(error.what()).size(), 1'200U) << limit.what;
    }
  }
}

// A name of so many characters, in labels that are short enough.
std::string long_name(std::size_t size) {
  std::string name;
  while (name.size() + 60 < size) name += std::string(59, 'a') + ".";
  return name + std::string(size - name.size(), 'b');
}

TEST(Limits, OfNames) {
  check({{"a host's name", [] { HostName(long_name(253)); }, [] { HostName(long_name(254)); }},
         {"a label", [] { HostName(std::string(63, 'a')); },
          [] { HostName(std::string(64, 'a') + ".b"); }},
         {"the greatest card", [] { GpuName("gpupci99999"); }, [] { GpuName("gpupci100000"); }},
         {"the least card", [] { GpuName("gpupci1"); }, [] { GpuName("gpupci0"); }},
         {"the greatest slice", [] { SliceName::parse("gpupci1.65534"); },
          [] { SliceName::parse("gpupci1.65535"); }},
         {"a user", [] { parse_user(std::string(256, 'a')); },
          [] { parse_user(std::string(257, 'a')); }},
         {"a reason", [] { parse_reason(std::string(200, 'a')); },
          [] { parse_reason(std::string(201, 'a')); }}});
  EXPECT_EQ(GpuName("gpupci99999").number(), 99'999);
}

TEST(Limits, OfRanges) {
  const std::string wide(251, 'a');
  check({{"numbers of a range", [] { EXPECT_EQ(expanded_names("n[1-100000]").size(), kMostNames); },
          [] { expanded_names("n[1-100001]"); }},
         {"numbers of a range with a step",
          [] { EXPECT_EQ(expanded_names("n[0-199999/2]").size(), kMostNames); },
          [] { expanded_names("n[0-200000/2]"); }},
         {"numbers of two ranges",
          [] { EXPECT_EQ(expanded_names("n[1-99999,1-1]").size(), kMostNames); },
          [] { expanded_names("n[1-99999,1-2]"); }},
         {"numbers of two brackets",
          [] { EXPECT_EQ(expanded_names("n[1-400]-[1-250]").size(), kMostNames); },
          [] { expanded_names("n[1-400]-[1-251]"); }},
         {"a name that is made", [&] { expanded_names(wide + "[10-99]"); },
          [&] { expanded_names(wide + "[10-100]"); }},
         {"a name with text behind", [&] { expanded_names("[1-9]" + wide + "b"); },
          [&] { expanded_names("[1-9]" + wide + "bb"); }}});
  // What is no range is not judged here.
  EXPECT_EQ(expanded_names(long_name(300)), std::vector<std::string>{long_name(300)});
  for (const auto* open : {"n[1", "n[1-2", "n[1][2"}) EXPECT_THROW(expanded_names(open), Error);
}

// A number with more digits than any host has is text for who folds, and so it reads back.
TEST(Limits, OfNumbersThatAreFolded) {
  const std::string most(15, '1');
  EXPECT_EQ(folded_names({"n" + most, "n" + most.substr(1) + "2"}),
            "n[" + most + "-" + most.substr(1) + "2]");
  EXPECT_EQ(folded_names({"n1" + most, "n1" + most.substr(1) + "2"}),
            "n1" + most + " n1" + most.substr(1) + "2");
  EXPECT_EQ(folded_names({"n0", "n1", "n00", "n01"}), "n[0-1,00-01]");
  EXPECT_EQ(counted_names({"n1"}), "n1");
  EXPECT_EQ(counted_names({"n1", "n2"}), "n[1-2] (2)");
}

TEST(Limits, OfNumbers) {
  const auto size = [](const char* text) { return parse_size("memory", text, 'M', 64, 4'194'304); };
  check({{"the least", [] { EXPECT_EQ(parse_int("cpus", "1", 1, 64), 1); },
          [] { parse_int("cpus", "0", 1, 64); }},
         {"the most", [] { EXPECT_EQ(parse_int("cpus", "64", 1, 64), 64); },
          [] { parse_int("cpus", "65", 1, 64); }},
         {"the least size", [&] { EXPECT_EQ(size("64M"), 64); }, [&] { size("63M"); }},
         {"the least in another unit", [&] { EXPECT_EQ(size("65536K"), 64); },
          [&] { size("65535K"); }},
         {"a whole number", [&] { EXPECT_EQ(size("66560K"), 65); }, [&] { size("66561K"); }},
         {"the greatest size", [&] { EXPECT_EQ(size("4T"), 4'194'304); }, [&] { size("5T"); }},
         {"the greatest in its unit", [&] { EXPECT_EQ(size("4194304M"), 4'194'304); },
          [&] { size("4194305M"); }},
         {"a number of many digits",
          [] { EXPECT_EQ(parse_size("disk", "2147483647K", 'K', 1, 2147483647), 2147483647); },
          [] { parse_size("disk", "2147483648K", 'K', 1, 2147483647); }},
         {"one that a unit makes too long", [&] { size("4096G"); },
          [&] { size("9223372036854775807T"); }}});
}

TEST(Limits, OfPrefixes) {
  check({{"of IPv4", [] { IpAddress::parse("10.1.0.5/32"); },
          [] { IpAddress::parse("10.1.0.5/33"); }},
         {"of IPv6", [] { IpAddress::parse("fd00::5/128"); },
          [] { IpAddress::parse("fd00::5/129"); }},
         {"the least", [] { IpAddress::parse("10.1.0.5/1"); },
          [] { IpAddress::parse("10.1.0.5/0"); }},
         {"without one", [] { IpAddress::parse("10.1.0.5/8"); },
          [] { IpAddress::parse("10.1.0.5"); }},
         {"of an address", [] { IpAddress::parse("10.1.0.5/8"); },
          [] { IpAddress::parse("10.1.0/8"); }},
         {"two machines in a network", [] { IpAddress::parse("10.1.0.4/31"); },
          [] { IpAddress::parse("10.1.0.4/30"); }},
         {"of IPv6, two machines", [] { IpAddress::parse("fd00::4/127"); },
          [] { IpAddress::parse("fd00::4/126"); }},
         {"the last of a network of IPv6", [] { IpAddress::parse("fd00::7/126"); },
          [] { IpAddress::parse("10.1.0.7/30"); }},
         {"the last before multicast", [] { IpAddress::parse("223.1.0.5/24"); },
          [] { IpAddress::parse("224.1.0.5/24"); }},
         {"of IPv6 before multicast", [] { IpAddress::parse("fe80::5/64"); },
          [] { IpAddress::parse("ff02::5/64"); }},
         {"an address", [] { IpAddress::parse("0.0.0.1/8"); },
          [] { IpAddress::parse("0.0.0.0/32"); }},
         {"an address of IPv6", [] { IpAddress::parse("::2/64"); },
          [] { IpAddress::parse("::/128"); }},
         {"a loopback", [] { IpAddress::parse("126.0.0.1/8"); },
          [] { IpAddress::parse("127.0.0.1/8"); }},
         {"of a network", [] { Subnet::parse("10.0.0.0/32", ""); },
          [] { Subnet::parse("10.0.0.0/33", ""); }},
         {"of a network of IPv6", [] { Subnet::parse("fd00::/128", ""); },
          [] { Subnet::parse("fd00::/129", ""); }},
         {"the least of a network", [] { Subnet::parse("128.0.0.0/1", ""); },
          [] { Subnet::parse("0.0.0.0/0", ""); }}});
  EXPECT_TRUE(is_ip_address("fd00::5"));
  EXPECT_FALSE(is_ip_address("n1"));
  EXPECT_EQ(ip_addresses_text(parse_ip_addresses("10.1.0.5/8,fd00::5/64")),
            "10.1.0.5/8,fd00::5/64");
}

// Each of the 122 bits of a UUID that are free is 0 now and 1 then; one that stands still would be
// seen so in one of 2^199 runs.
TEST(Limits, EachFreeBitOfAUuidIsRandom) {
  std::vector<std::set<bool>> seen(128);
  for (int i = 0; i < 200; ++i) {
    std::size_t place = 0;
    for (const char c : random_uuid()) {
      if (c == '-') continue;
      const auto digit = std::string_view("0123456789abcdef").find(c);
      for (unsigned bit = 4; bit-- > 0;) seen[place++].insert((digit >> bit & 1U) != 0);
    }
  }
  for (std::size_t place = 0; place < seen.size(); ++place) {
    const bool is_fixed = (place >= 48 && place < 52) || place == 64 || place == 65;
    EXPECT_EQ(seen[place].size(), is_fixed ? 1U : 2U) << "bit " << place;
  }
}

}  // namespace
}  // namespace cluster
