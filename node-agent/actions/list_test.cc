#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "node-agent/kernel/pci_ids.h"
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

// Also for a card of which nothing more is known.
TEST_F(List, HasEveryKeyInJson) {
  fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13})
      .add({"0000:02:00.1", "0403", "10de:10f1", std::nullopt, std::nullopt});
  const std::string link = R"({"speed":null,"width":null,"max_speed":null,"max_width":null})";
  const auto name = PciIds().model(0x10de, 0x1c03);  // as this machine has it, or has it not
  const std::string model = name ? nlohmann::json(*name).dump() : "null";
  EXPECT_EQ(
      gpupci({"-l", "--json"}),
      R"({"cards":[{"name":"gpupci1","pci":"pci_0000_02_00_0","functions":[)"
      R"({"pci":"pci_0000_02_00_0","kind":"video","class":"0300","vendor":"10de",)"
      R"("device":"1c03","driver":"nvidia","iommu_group":13,)"
      R"("subsystem_vendor":null,"subsystem_device":null,"revision":null,"bars":[],)"
      R"("reset_methods":[],"link":)" +
          link +
          "},"
          R"({"pci":"pci_0000_02_00_1","kind":"audio","class":"0403","vendor":"10de",)"
          R"("device":"10f1","driver":null,"iommu_group":null,)"
          R"("subsystem_vendor":null,"subsystem_device":null,"revision":null,"bars":[],)"
          R"("reset_methods":[],"link":)" +
          link +
          "}],"
          R"("state":"present","model":)" +
          model +
          R"(,"numa_node":null,"slot":null,)"
          R"("serial":null,"uuid":null,"wedged":null,"sriov":null,"slices":[],"left_out":[]}],)"
          R"("vgpus":[],"stub_driver":"vfio-pci"})"
          "\n");
}

TEST_F(List, HasTheIdentityOfACardInJson) {
  fake_.add({"0000:02:00.0", "0302", "10de:20b5", "nvidia", 13});
  const auto set = [this](const std::string& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0" / attribute, text + "\n");
  };
  set("subsystem_vendor", "0x10de");
  set("subsystem_device", "0x1533");
  set("revision", "0xa1");
  set("reset_method", "flr bus");
  set("current_link_speed", "8.0 GT/s PCIe");
  set("current_link_width", "8");
  set("max_link_speed", "16.0 GT/s PCIe");
  set("max_link_width", "16");
  set("numa_node", "1");
  set("serial_number", "00-4b-1c-ff-ff-2d-b0-48");
  set("sriov_totalvfs", "20");
  set("sriov_numvfs", "0");
  replace_file(fake_.root() / "bus/pci/slots/4/address", "0000:02:00\n");
  replace_file(environment_.proc / "driver/nvidia/gpus/0000:02:00.0/information",
               "GPU UUID: \t GPU-6ab2\n");
  const auto cards = nlohmann::json::parse(gpupci({"-l", "--json"}))["cards"];
  ASSERT_EQ(cards.size(), 1U);
  const auto& card = cards[0];
  EXPECT_EQ(card["serial"], "00-4b-1c-ff-ff-2d-b0-48");
  EXPECT_EQ(card["uuid"], "GPU-6ab2");
  EXPECT_EQ(card["slot"], "4");
  EXPECT_EQ(card["numa_node"], 1);
  EXPECT_EQ(card["sriov"], (nlohmann::json{{"vfs", 0}, {"total", 20}}));
  const auto& function = card["functions"][0];
  EXPECT_EQ(function["subsystem_vendor"], "10de");
  EXPECT_EQ(function["subsystem_device"], "1533");
  EXPECT_EQ(function["revision"], "a1");
  EXPECT_EQ(function["reset_methods"], (nlohmann::json{"flr", "bus"}));
  EXPECT_EQ(function["link"], (nlohmann::json{{"speed", "8.0 GT/s PCIe"},
                                              {"width", 8},
                                              {"max_speed", "16.0 GT/s PCIe"},
                                              {"max_width", 16}}));
}

TEST_F(List, HasRegionsInJson) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto device = fake_.sysfs().device_path(PciAddress::parse("0000:02:00.0"));
  replace_file(device / "resource",
               "0x00000000c0000000 0x00000000c0ffffff 0x0000000000040200\n"
               "0x0000380000000000 0x000038000fffffff 0x000000000014220c\n");
  const auto list = nlohmann::json::parse(gpupci({"-l", "--json"}));
  EXPECT_EQ(list["cards"][0]["functions"][0]["bars"].dump(),
            R"([{"64bit":false,"placed":true,"prefetchable":false,"size":16777216},)"
            R"({"64bit":true,"placed":true,"prefetchable":true,"size":268435456}])");
}

}  // namespace
}  // namespace cluster::agent
