#include "core/subnet.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

TEST(Subnet, IsReadWithAPrefixOrAMask) {
  for (const auto& subnet :
       {Subnet::parse("10.1.0.0/16"), Subnet::parse("10.1.0.0", "255.255.0.0"),
        Subnet::parse("10.1.0.0", "16"), Subnet::parse("10.1.0.0/255.255.0.0")}) {
    EXPECT_EQ(subnet.str(), "10.1.0.0/16");
    EXPECT_EQ(subnet.mask(), "255.255.0.0");
    EXPECT_FALSE(subnet.is_v6());
  }
  const auto six = Subnet::parse("FD00:0::/64");
  EXPECT_EQ(six.str(), "fd00::/64");
  EXPECT_EQ(six.mask(), "ffff:ffff:ffff:ffff::");
  EXPECT_EQ(Subnet::parse(six.address(), six.mask()), six);
}

TEST(Subnet, KnowsItsAddresses) {
  const auto subnet = Subnet::parse("10.1.8.0/21");
  EXPECT_TRUE(subnet.has("10.1.15.255"));
  EXPECT_FALSE(subnet.has("10.1.16.0"));
  EXPECT_FALSE(subnet.has("fd00::1"));
  EXPECT_FALSE(subnet.has("n1"));
}

TEST(Subnet, OfOnePrefixReadsItsMaskBack) {
  for (int prefix = 1; prefix <= 32; ++prefix) {
    const auto subnet = Subnet::parse("0.0.0.0", std::to_string(prefix));
    EXPECT_EQ(Subnet::parse("0.0.0.0", subnet.mask()), subnet) << prefix;
  }
}

TEST(Subnet, IsAroundAnAddress) {
  EXPECT_EQ(Subnet::around("10.1.2.3", "255.255.0.0").str(), "10.1.0.0/16");
  EXPECT_EQ(Subnet::around("fd00::5/64").str(), "fd00::/64");
  EXPECT_THROW(Subnet::around("10.1.2.3"), Error);
}

TEST(Subnet, RefusesWhatIsNoNetwork) {
  const auto refusal = [](const std::string& text, const std::string& mask = {}) {
    try {
      return Subnet::parse(text, mask).str();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(refusal("10.1.0.0", "255.0.255.0"),
            "subnet='10.1.0.0' netmask='255.0.255.0': want 10.1.0.0/16, or 10.1.0.0 and "
            "255.255.0.0");
  EXPECT_EQ(refusal("10.1.0.5/16"),
            "subnet='10.1.0.5/16': the address of that network is 10.1.0.0/16");
  for (const auto* text : {"", "10.1.0.0", "10.1.0.0/0", "10.1.0.0/33", "n1/16", "/16", "fd00::/",
                           "10.1.0.0/16/16", "10.1.0.0/ffff::"}) {
    EXPECT_TRUE(refusal(text).ends_with("want 10.1.0.0/16, or 10.1.0.0 and 255.255.0.0")) << text;
  }
  EXPECT_TRUE(refusal("10.1.0.0/16", "255.255.0.0").find("want") != std::string::npos);
}

}  // namespace
}  // namespace cluster
