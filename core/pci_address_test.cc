#include "core/pci_address.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

std::string refusal(std::string_view text) {
  try {
    PciAddress::parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "accepted";
}

TEST(PciAddress, ReadsThreeSpellingsOfTheSameFunction) {
  const PciAddress card{0, 2, 0, 0};
  for (const auto* text : {"pci_0000_02_00_0", "0000:02:00.0", "02:00.0"}) {
    EXPECT_EQ(PciAddress::parse(text), card) << text;
  }
  EXPECT_EQ(card.libvirt(), "pci_0000_02_00_0");
  EXPECT_EQ(card.sysfs(), "0000:02:00.0");
}

TEST(PciAddress, ReadsBackWhatItPrints) {
  for (const std::uint32_t domain : {0U, 1U, 0xffffU, 0x10000U, 0xffffffffU}) {
    for (unsigned bus = 0; bus < 256; bus += 5) {
      for (unsigned slot = 0; slot < 32; ++slot) {
        const PciAddress pci{domain, static_cast<std::uint8_t>(bus),
                             static_cast<std::uint8_t>(slot), static_cast<std::uint8_t>(slot % 8)};
        ASSERT_EQ(PciAddress::parse(pci.sysfs()), pci);
        ASSERT_EQ(PciAddress::parse(pci.libvirt()), pci);
      }
    }
  }
}

TEST(PciAddress, KeepsDomainsOfFourToEightDigits) {
  EXPECT_EQ(PciAddress::parse("10000:e1:1f.7").sysfs(), "10000:e1:1f.7");
  EXPECT_EQ(PciAddress::parse("pci_ffffffff_ff_1f_7").domain, 0xffffffffU);
  EXPECT_EQ(PciAddress::parse("00000001:d6:00.0").libvirt(), "pci_0001_d6_00_0");
  EXPECT_EQ(PciAddress::parse("0001:D6:00.0").sysfs(), "0001:d6:00.0");
}

TEST(PciAddress, SaysWhichFieldIsOutOfRange) {
  EXPECT_EQ(refusal("0000:100:00.0"), "not a PCI address: '0000:100:00.0' (bus 100 is past ff)");
  EXPECT_EQ(refusal("pci_0000_02_20_0"),
            "not a PCI address: 'pci_0000_02_20_0' (slot 20 is past 1f)");
  EXPECT_EQ(refusal("02:00.8"), "not a PCI address: '02:00.8' (function 8 is past 7)");
  EXPECT_EQ(refusal("123456789:02:00.0"),
            "not a PCI address: '123456789:02:00.0' (domain 123456789 is past ffffffff)");
  EXPECT_EQ(refusal("000:02:00.0"),
            "not a PCI address: '000:02:00.0' (domain wants 4 to 8 hex digits)");
  EXPECT_EQ(refusal("2:00.0"), "not a PCI address: '2:00.0' (bus wants 2 hex digits)");
}

TEST(PciAddress, RefusesWhatIsNoAddress) {
  for (const auto* text : {"",
                           "gpupci1",
                           "02",
                           "02:00",
                           "02.00.0",
                           ":02:00.0",
                           "0000:02:00.",
                           "0x02:00.0",
                           "02:00.0 ",
                           " 02:00.0",
                           "-2:00.0",
                           "+2:00.0",
                           "pci_0000_02_00",
                           "pci_0000_02_00_0_0",
                           "PCI_0000_02_00_0",
                           "0000:02:00.0;id",
                           "0000:0000:02:00.0",
                           "zz:00.0",
                           "0000:002:00.0",
                           "0000:02:000.0",
                           "0000:02:00.00",
                           "00000000000002:00.0",
                           "000000000:02:00.0",
                           "ffffffffffffffffffff:02:00.0"}) {
    EXPECT_TRUE(refusal(text).starts_with("not a PCI address: ")) << text << ": " << refusal(text);
  }
}

TEST(PciAddress, KnowsTheFunctionsOfOneCard) {
  EXPECT_TRUE(PciAddress::parse("02:00.0").same_slot(PciAddress::parse("02:00.1")));
  EXPECT_FALSE(PciAddress::parse("02:00.0").same_slot(PciAddress::parse("02:01.0")));
  EXPECT_FALSE(PciAddress::parse("02:00.0").same_slot(PciAddress::parse("0001:02:00.0")));
}

}  // namespace
}  // namespace cluster
