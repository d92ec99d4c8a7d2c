#include "core/ip_address.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

TEST(IpAddress, HasOneSpelling) {
  EXPECT_EQ(IpAddress::parse("10.1.0.5/24").str(), "10.1.0.5/24");
  EXPECT_EQ(IpAddress::parse("FD00:0:0::5/64").str(), "fd00::5/64");
  EXPECT_EQ(IpAddress::parse("10.1.0.5/24").address(), "10.1.0.5");
  EXPECT_EQ(IpAddress::parse("10.1.0.4/31").str(), "10.1.0.4/31");
  EXPECT_EQ(IpAddress::parse("10.1.0.0/32").prefix(), 32);
  EXPECT_TRUE(IpAddress::parse("fe80::1/64").is_v6());
}

TEST(IpAddress, RefusesWhatNoMachineHas) {
  for (const auto* bad : {"",
                          "/",
                          "10.1.0.5",
                          "10.1.0.5/",
                          "10.1.0.5/0",
                          "10.1.0.5/33",
                          "10.1.0.5/+8",
                          "10.1.0/24",
                          "10.1.0.5/24/24",
                          "10.1.0.0/24",
                          "10.1.0.255/24",
                          "127.0.0.1/8",
                          "224.0.0.1/4",
                          "255.255.255.255/32",
                          "0.0.0.0/24",
                          "::/64",
                          "::1/128",
                          "fd00::/64",
                          "ff02::1/64",
                          "fd00::5/129",
                          "n1/24",
                          " 10.1.0.5/24"}) {
    EXPECT_THROW(IpAddress::parse(bad), Error) << bad;
  }
}

TEST(IpAddress, KnowsItsNetwork) {
  const auto one = IpAddress::parse("10.1.130.5/17");
  EXPECT_TRUE(one.reaches("10.1.128.1"));
  EXPECT_FALSE(one.reaches("10.1.127.1"));
  EXPECT_FALSE(one.reaches("fd00::1"));
  EXPECT_FALSE(one.reaches("gateway"));
  EXPECT_FALSE(IpAddress::parse("10.0.0.1/8").reaches("a00::1"));  // the same first byte
  EXPECT_FALSE(IpAddress::parse("a00::1/8").reaches("10.0.0.1"));
  EXPECT_TRUE(IpAddress::parse("fd00::5/64").reaches("fd00::1:2"));
}

TEST(LocalAddress, IsOneThatNoOtherMachineReaches) {
  for (const char* local :
       {"127.0.0.1", "127.1.2.3", "::1", "169.254.0.1", "169.254.169.254", "fe80::1", "FE80::1",
        "febf::1", "fe80::5054:ff:fe00:1%eth0", "fe80::1%12", "169.254.1.2%3"}) {
    EXPECT_TRUE(is_local_address(local)) << local;
  }
  for (const char* other : {"10.1.0.5", "169.253.0.1", "192.168.1.1", "172.17.0.1", "fd00::1",
                            "fec0::1", "2001:db8::1", "::2", "", "localhost", "fe80"}) {
    EXPECT_FALSE(is_local_address(other)) << other;
  }
}

TEST(IpAddress, EndsWhereItsTextEnds) {
  const std::string behind("10.1.0.5\0 x", 11);
  EXPECT_FALSE(is_ip_address(behind));
  EXPECT_EQ(spelled_address(behind), "");
}

TEST(IpAddress, AreAList) {
  const auto both = parse_ip_addresses("10.1.0.5/24,FD00::5/64");
  EXPECT_EQ(ip_addresses_text(both), "10.1.0.5/24,fd00::5/64");
  EXPECT_EQ(parse_ip_addresses(ip_addresses_text(both)), both);
  EXPECT_TRUE(parse_ip_addresses("dhcp").empty());
  EXPECT_TRUE(parse_ip_addresses("").empty());
  for (const auto* bad : {",", "10.1.0.5/24,", "10.1.0.5/24,dhcp", "10.1.0.5/24,10.1.0.5/24"}) {
    EXPECT_THROW(parse_ip_addresses(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace cluster
