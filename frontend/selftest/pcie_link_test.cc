#include "frontend/selftest/pcie_link.h"

#include <gtest/gtest.h>

namespace cluster::frontend {
namespace {

TEST(PcieLinkTest, ReadsWhatKernelsShow) {
  EXPECT_EQ(PcieLink::parse("16.0 GT/s PCIe|16").str(), "16.0 GT/s x16");
  EXPECT_EQ(PcieLink::parse("2.5 GT/s PCIe|1").str(), "2.5 GT/s x1");
  EXPECT_EQ(PcieLink::parse("8 GT/s|4").str(), "8.0 GT/s x4");
}

TEST(PcieLinkTest, OtherTextIsNotKnown) {
  for (const auto* text :
       {"", "|", "Unknown|16", "Unknown speed|255", "16.0 GT/s PCIe|63", "16.0 GT/s PCIe|0",
        "16.0 GT/s PCIe|", "16.0 GT/s PCIe", "-8 GT/s|4", "x16.0 GT/s|16", "nan GT/s|16", "16"}) {
    const auto link = PcieLink::parse(text);
    EXPECT_EQ(link.lanes, 0) << text;
    EXPECT_EQ(link.speed, 0) << text;
  }
}

// The figures that PCI-SIG's slides round to 4, 8, 16, 32 and 64 GB/s for 16 lanes.
TEST(PcieLinkTest, HasTheRateOfItsGeneration) {
  const auto rate = [](const char* text) { return one_digit(PcieLink::parse(text).rate()); };
  EXPECT_EQ(rate("2.5 GT/s|16"), "4.0");
  EXPECT_EQ(rate("5.0 GT/s|16"), "8.0");
  EXPECT_EQ(rate("8.0 GT/s|16"), "15.8");
  EXPECT_EQ(rate("16.0 GT/s|16"), "31.5");
  EXPECT_EQ(rate("32.0 GT/s|8"), "31.5");
}

TEST(PcieLinkTest, IsComparedByEachValue) {
  const PcieLink fast{32, 8};
  const PcieLink wide{16, 16};
  EXPECT_EQ(least(fast, wide).str(), "16.0 GT/s x8");
  EXPECT_EQ(most(fast, wide).str(), "32.0 GT/s x16");
}

}  // namespace
}  // namespace cluster::frontend
