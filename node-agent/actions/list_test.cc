#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/called_gpupci.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class List : public CalledGpupci {};

TEST_F(List, IsEmptyOnAHostWithoutCards) {
  fake_.add({"0000:00:1f.2", "0106", "8086:2922", "ahci", 4});
  EXPECT_THAT(gpupci({"-l"}), IsEmpty());
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(gpupci({"-l", "--json"}), "{\"cards\":[],\"vgpus\":[],\"stub_driver\":\"vfio-pci\"}\n");
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

TEST_F(List, WithoutACardSaysHowDisplaysOfIntelAreListed) {
  fake_.add({"0000:00:02.0", "0300", "8086:9a49", "i915", 1})
      .add({"0000:01:00.0", "0380", "8086:56c0", "xe", 2})
      .add({"0000:00:1f.3", "0403", "8086:a0c8", "snd_hda_intel", 3});
  EXPECT_THAT(gpupci({"-l"}), IsEmpty());
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(err_,
            "gpupci: no card is listed; to list displays of Intel, write `devices: "
            "['8086:56c0', '8086:9a49']` into " +
                environment_.settings.native() + ", or \"8086\" into its `vendors`\n");
  replace_file(environment_.settings, "devices: ['8086:56c0']\n");
  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_01_00_0\n");
  EXPECT_THAT(err_, IsEmpty());
  replace_file(environment_.settings, "vendors: ['8086']\n");
  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_01_00_0\ngpupci2 pci_0000_00_02_0\n");
}

TEST_F(List, SaysOnceWhatItLeavesOutAndListsTheRest) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 2, 14);
  std::filesystem::remove(fake_.root() / "bus/pci/devices/0000:02:00.0/vendor");
  EXPECT_EQ(gpupci({"-l"}), "gpupci1 pci_0000_03_00_0\n");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(err_, "gpupci: sysfs has no vendor of 0000:02:00.0; it is in no card\n");
  for (const auto* action : {"-s", "-d", "-a", "--check"}) {
    EXPECT_THAT(gpupci({action, "all"}), HasSubstr("gpupci1")) << action;
    EXPECT_EQ(split(trim(err_), '\n').size(), 1U) << err_;
  }
}

TEST_F(List, OfAnApuTakesTheGpuAlone) {
  fake_.add({"0000:c6:00.0", "0300", "1002:15bf", "amdgpu", 1})
      .add({"0000:c6:00.1", "0403", "1002:1640", "snd_hda_intel", 2})
      .add({"0000:c6:00.2", "1080", "1022:15c7", "ccp", 3})
      .add({"0000:c6:00.3", "0c03", "1022:15b9", "xhci_hcd", 4});
  const auto status = gpupci({"-s", "gpupci1"});
  EXPECT_THAT(status, HasSubstr("GPU card 'gpupci1' leaves function device 0000:c6:00.2 to the "
                                "host: it is of another vendor (1022)\n"));
  gpupci({"-d", "all"});
  EXPECT_EQ(fake_.drivers(), "vfio-pci vfio-pci ccp xhci_hcd");
  gpupci({"-a", "all"});
  EXPECT_EQ(fake_.drivers(), "amdgpu snd_hda_intel ccp xhci_hcd");
}

TEST_F(List, TellsWhichDriverHoldsCardsForVms) {
  fake_.add_card("0000:02:00", 1, 13);
  EXPECT_THAT(gpupci({"-l", "--json"}), HasSubstr("\"stub_driver\":\"vfio-pci\""));
  replace_file(environment_.settings, "stub_driver: uio_pci_generic\n");
  EXPECT_THAT(gpupci({"-l", "--json"}), HasSubstr("\"stub_driver\":\"uio_pci_generic\""));
  EXPECT_THAT(gpupci({"-s", "gpupci1", "--json"}),
              HasSubstr("\"stub_driver\":\"uio_pci_generic\""));
}

}  // namespace
}  // namespace cluster::agent
