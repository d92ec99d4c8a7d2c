#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/called_gpupci.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::IsEmpty;

class List : public CalledGpupci {};

TEST_F(List, IsEmptyOnAHostWithoutCards) {
  fake_.add({"0000:00:1f.2", "0106", "8086:2922", "ahci", 4});
  EXPECT_THAT(gpupci({"-l"}), IsEmpty());
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(gpupci({"-l", "--json"}), "{\"cards\":[],\"vgpus\":[]}\n");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(List, HasSlicesAfterTheirCardAndInItsDocument) {
  FakeSlices slices(fake_);
  fake_.add_card("0000:02:00", 1, 13).add_card("0000:03:00", 1, 14);
  slices.add_sriov("0000:02:00.0", 4);
  slices.write(fake_.sysfs().device_path({0, 2, 0, 0}) / "sriov_numvfs", "1");
  EXPECT_EQ(gpupci({"-l"}),
            "gpupci1 pci_0000_02_00_0\ngpupci1.0 pci_0000_02_00_1\ngpupci2 pci_0000_03_00_0\n");
  const auto cards = nlohmann::json::parse(gpupci({"-l", "--json"}))["cards"];
  ASSERT_EQ(cards.size(), 2U);
  ASSERT_EQ(cards[0]["slices"].size(), 1U);
  EXPECT_EQ(cards[0]["slices"][0]["name"], "gpupci1.0");
  EXPECT_TRUE(cards[1]["slices"].empty());
}

TEST_F(List, IsTheSameForEachCall) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 4, 14);
  for (const auto& words : std::vector<std::vector<std::string>>{{"-l"}, {"-l", "--json"}}) {
    const auto first = gpupci(words);
    EXPECT_EQ(gpupci(words), first);
  }
}

}  // namespace
}  // namespace cluster::agent
