#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::StartsWith;

class CheckGroup : public CheckedHost {};

TEST_F(CheckGroup, OfTheGroup) {
  EXPECT_THAT(check("H5"), StartsWith("PASS"));
  EXPECT_THAT(check("H6"), StartsWith("UNKNOWN the kernel does not tell the reserved regions"));
  const std::filesystem::path regions = "kernel/iommu_groups/13/reserved_regions";
  set_host(regions, "0x00000000fee00000 0x00000000feefffff msi\n");
  EXPECT_EQ(check("H6"), "PASS the firmware reserves no memory of it");
  set_host("kernel/iommu_groups/13/type", "DMA-FQ\n");
  EXPECT_EQ(check("H6"), "PASS the firmware reserves no memory of it (domain DMA-FQ)");
  set_host(regions, "0x00000000bf000000 0x00000000bf7fffff direct\n");
  EXPECT_THAT(check("H6"), StartsWith("WARN the firmware reserves memory of 0000:02:00.0"));
  EXPECT_EQ(check("D3"), "PASS every function of the slot is known");
  set("0000:02:00.0/consumer:pci:0000:02:00.1/x", "");
  EXPECT_THAT(check("D3"), StartsWith("PASS"));
  set("0000:02:00.1/supplier:pci:0000:02:00.0/x", "");
  set("0000:02:00.0/supplier:platform:x/x", "");
  fake_.add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 1});
  fake_.add({"0000:00:00.2", "0806", "1022:1419", std::nullopt, std::nullopt});
  set("0000:02:00.0/supplier:pci:0000:00:01.0/x", "");
  set("0000:02:00.0/supplier:pci:0000:00:00.2/x", "");
  EXPECT_THAT(check("D3"), StartsWith("PASS"));
  set("0000:02:00.1/supplier:pci:0000:06:00.0/x", "");
  EXPECT_THAT(check("D3"), StartsWith("FAIL 0000:02:00.1 depends on 0000:06:00.0; detach it too"));
  fake_.add({"0000:06:00.0", "0302", "10de:1e07", "nvidia", 14});
  EXPECT_THAT(check("D3"), StartsWith("PASS"));
  set("0000:02:00.0/consumer:pci:0000:05:00.0/x", "");
  EXPECT_THAT(check("D3"), StartsWith("FAIL 0000:05:00.0 depends on 0000:02:00.0; detach it too"));
  EXPECT_EQ(check("D5"), "PASS the host has it");
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_EQ(check("D5"),
            "FAIL 0000:02:00.1 is on snd_hda_intel, and the rest of the card is detached; gpupci "
            "-d gpupci1");
  fake_.set_driver({0, 2, 0, 1}, "vfio-pci");
  EXPECT_EQ(check("D5"), "PASS its whole group is detached");
  fake_.add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_THAT(check("D4"), StartsWith("FAIL 0000:03:00.0 (class 0200, driver e1000) shares"));
  EXPECT_THAT(check("D5"), StartsWith("FAIL 0000:03:00.0 "));
}

// The other card can go with this one, but to the same VM only. That is so whichever is asked for.
TEST_F(CheckGroup, NamesTheOtherCardsOfTheGroup) {
  EXPECT_EQ(check("D4"), "PASS nobody else shares its IOMMU group");
  fake_.add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 13});
  EXPECT_EQ(check("D4"), "PASS nobody else shares its IOMMU group") << "no VM gets a bridge";
  fake_.add({"0000:00:00.2", "0806", "1022:1419", std::nullopt, 13});
  EXPECT_EQ(check("D4"),
            "PASS no driver of the host shares its IOMMU group (0000:00:00.2 has none)");
  fake_.add_card("0000:03:00", 2, 13);
  for (const bool together : {false, true}) {
    together_ = together;
    EXPECT_EQ(
        check("D4"),
        "WARN it shares its IOMMU group with gpupci2; give all of them to one VM, as no other "
        "VM can have one of them; gpupci -d gpupci1,gpupci2");
  }
  fake_.set_driver({0, 3, 0, 0}, "vfio-pci");
  fake_.set_driver({0, 3, 0, 1}, "vfio-pci");
  EXPECT_TRUE(check("D4").starts_with("WARN it shares its IOMMU group with gpupci2; "));
  fake_.add({"0000:04:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_THAT(check("D4"), StartsWith("FAIL 0000:04:00.0 (class 0200, driver e1000) shares"));
}

// libvirt or the operator gave it back, and gpupci still counts it as detached.
TEST_F(CheckGroup, FindsARecordedCardThatTheHostHasAgain) {
  EXPECT_EQ(check("D5"), "PASS the host has it");
  const auto record = [&](const std::string& rest) {
    set_host("drivers.json",
             R"({"version": 1, "drivers": {"0000:02:00.0": "nvidia"}, "cards": )" + rest + "}\n");
  };
  record(R"({"gpupci1": "0000:02:00.0"})");
  EXPECT_EQ(
      check("D5"),
      "FAIL gpupci detached it, and the host has it again (0000:02:00.0 is on nvidia); gpupci "
      "-d gpupci1, or gpupci -a gpupci1 when the host is to keep it");
  fake_.set_driver({0, 2, 0, 0}, std::nullopt);
  EXPECT_EQ(check("D5"),
            "FAIL gpupci detached it, and no driver has 0000:02:00.0; gpupci --restore");
  record(R"({"gpupci1": "0000:02:00.0"}, "giving_back": ["0000:02:00.0"])");
  EXPECT_EQ(check("D5"),
            "FAIL gpupci1 was to be given back, and that did not end; gpupci -a gpupci1");
  record(R"({"gpupci7": "0000:02:00.0"})");
  EXPECT_EQ(check("D5"), "PASS the host has it") << "the record is another card's";
}

}  // namespace
}  // namespace cluster::agent
