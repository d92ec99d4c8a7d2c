#include "core/names.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

TEST(HostName, TakesWhatRfc1123Takes) {
  const std::string label(63, 'a');
  for (const auto& good : {std::string("n"), std::string("_a_1_"), std::string("vm-container-0-15"),
                           std::string("3com.example.org"), label + "." + label + "." + label}) {
    EXPECT_EQ(HostName(good).str(), good);
  }
}

TEST(HostName, RefusesTheRest) {
  for (const auto& bad :
       {std::string(), std::string("-a"), std::string("a-"), std::string("a..b"), std::string("a."),
        std::string("a_-"), std::string("a b"), std::string("a;reboot"), std::string("a'--"),
        std::string("<a>"), std::string("$(id)"), std::string("h\xc3\xb6st"), std::string("a\nb"),
        std::string("../a"), std::string(64, 'a'), std::string("a") + '\0'}) {
    EXPECT_THROW(HostName{bad}, Error) << bad;
  }
  try {
    HostName name(std::string(64, 'a'));
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "a host name is too long: '" + std::string(64, 'a') +
                                "' (want 63 letters between dots, and 253 in all, at the most)");
  }
  std::string too_long = "a";
  while (too_long.size() < 254) too_long += ".a";
  EXPECT_THROW(HostName{too_long}, Error);
}

TEST(GpuName, IsGpupciAloneOrWithANumberFromOne) {
  EXPECT_EQ(GpuName("gpupci").number(), 0);
  EXPECT_EQ(GpuName("gpupci12").number(), 12);
  for (const auto* bad : {"", "gpu", "gpu1", "gpupci0", "gpupci01", "gpupci-1", "gpupci1 ",
                          "Gpupci1", "gpupcione", "gpupci1;", "gpupci100000", "pci_0000_02_00_0"}) {
    EXPECT_THROW(GpuName{bad}, Error) << bad;
  }
}

TEST(GpuName, SortsByNumber) { EXPECT_LT(GpuName("gpupci2"), GpuName("gpupci10")); }

TEST(GpuName, SaysWhatWouldBeRight) {
  try {
    const GpuName wrong("gpu1");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "not a card name: 'gpu1' (want gpupci1, gpupci2, ...)");
    EXPECT_EQ(error.fault(), Fault::usage);
  }
}

TEST(SliceName, IsACardOrOneOfItsSlices) {
  const auto slice = SliceName::parse("gpupci12.0");
  EXPECT_EQ(slice.card, GpuName("gpupci12"));
  EXPECT_EQ(slice.slice, 0);
  EXPECT_EQ(slice.str(), "gpupci12.0");
  EXPECT_EQ(SliceName::parse("gpupci1").slice, std::nullopt);
  EXPECT_EQ(SliceName::parse("gpupci1").str(), "gpupci1");
  EXPECT_EQ(SliceName::parse("gpupci1.65534").slice, 65534);
  for (const auto* bad : {"gpupci1.", "gpupci1.01", "gpupci1.-1", "gpupci1.65535", "gpupci1.0.0",
                          "gpupci1. 0", "card.0", ".0"}) {
    EXPECT_THROW(SliceName::parse(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace cluster
