#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::StartsWith;

class CheckHardware : public CheckedHost {};

TEST_F(CheckHardware, OfTheHardware) {
  EXPECT_THAT(check("D1"), StartsWith("UNKNOWN"));
  set("0000:02:00.0/config", std::string(64, '\x10'));
  set("0000:02:00.1/config", std::string(64, '\x10'));
  EXPECT_EQ(check("D1"), "PASS every function answers");
  set("0000:02:00.1/config", std::string(64, '\xff'));
  EXPECT_EQ(check("D1"), "FAIL 0000:02:00.1 has fallen off the bus; power the host off and on");
  EXPECT_THAT(check("D14"), StartsWith("WARN 0000:02:00.0 cannot be reset; put it alone behind"));
  set("0000:02:00.0/reset_method", "flr bus\n");
  EXPECT_EQ(check("D14"), "PASS it can be reset (flr bus)");
  set("0000:02:00.0/reset_method", "bus\n");
  fake_.add({"0000:03:00.0", "0200", "8086:100e", std::nullopt, 13});
  EXPECT_THAT(check("D14"), StartsWith("WARN its reset (bus) resets 0000:03:00.0 as well"));
  set("0000:02:00.0/d3cold_allowed", "0\n");
  EXPECT_EQ(check("D15"), "PASS it keeps its power");
  set("0000:02:00.0/d3cold_allowed", "1\n");
  EXPECT_THAT(check("D15"), StartsWith("WARN 0000:02:00.0 may lose its power"));
  set_host("module/vfio_pci/parameters/disable_idle_d3", "Y\n");
  EXPECT_THAT(check("D15"), StartsWith("PASS"));
  set("0000:02:00.0/power_state", "D3cold\n");
  EXPECT_THAT(check("D15"), StartsWith("WARN 0000:02:00.0 is without power"));
  set("0000:02:00.0/resource",
      "0xf6000000 0xf6ffffff 0x40200\n0x0 0xfffffff 0x14220c\n0x0 0x0 0x0\n");
  EXPECT_THAT(check("D18"), StartsWith("FAIL region 1 of 0000:02:00.0 (256 MiB) has no address"));
  set("0000:02:00.0/resource", "0xf6000000 0xf6ffffff 0x40200\n0xe0000000 0xefffffff 0x14220c\n");
  EXPECT_THAT(check("D18"),
              StartsWith("UNKNOWN the kernel shows no resource of 0000:02:00.1; lspci -s"));
  set("0000:02:00.1/resource", "");
  EXPECT_EQ(check("D18"), "PASS every region has an address");
  set("0000:02:00.0/resource", "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n");
  EXPECT_THAT(check("D18"), StartsWith("FAIL no region of 0000:02:00.0 has an address"));
  set("0000:02:00.0/boot_vga", "0\n");
  EXPECT_EQ(check("D20"), "PASS its ROM is its own");
  set("0000:02:00.0/rom", "");
  EXPECT_THAT(check("D20"), StartsWith("PASS"));
  set("0000:02:00.0/boot_vga", "1\n");
  EXPECT_THAT(check("D20"), StartsWith("WARN the host sees a shadow of the ROM of 0000:02:00.0"));
  set_host("devices/system/node/node0/x", "");
  set("0000:02:00.0/numa_node", "-1\n");
  EXPECT_THAT(check("D21"), StartsWith("PASS"));
  set_host("devices/system/node/node1/x", "");
  EXPECT_THAT(check("D21"), StartsWith("UNKNOWN the firmware does not tell its NUMA node"));
}

// The kernel shows a region without an address as one that does not exist. Configuration space
// tells.
TEST_F(CheckHardware, FindsRegionsThatTheKernelDoesNotShow) {
  const auto registers = [&](const std::vector<std::uint32_t>& bars) {
    std::string config(64, '\0');
    config[0x06] = '\x10';
    for (std::size_t i = 0; i < bars.size(); ++i) {
      for (std::size_t byte = 0; byte < 4; ++byte) {
        config[0x10 + 4 * i + byte] = static_cast<char>(bars[i] >> 8 * byte & 0xffU);
      }
    }
    set("0000:02:00.0/config", config);
  };
  set("0000:02:00.1/resource", "0xf7000000 0xf7003fff 0x40200\n");
  const std::string none = "0x0 0x0 0x0\n";
  const std::string small = "0xf6000000 0xf6ffffff 0x40200\n";
  const std::string large = "0x4000000000 0x400fffffff 0x14220c\n";
  registers({0xf6000000, 0xc, 0, 0xc, 0, 0x2001});
  set("0000:02:00.0/resource", small + none + none + none + none + "0x2000 0x207f 0x40101\n");
  EXPECT_THAT(check("D18"), StartsWith("FAIL region 1 of 0000:02:00.0 has no address; turn on"));
  registers({0xf6000000, 0xc, 0x40, 0x1000000c, 0x40, 0x1});
  set("0000:02:00.0/resource",
      small + large + none + "0x4010000000 0x4011ffffff 0x14220c\n" + none + none);
  EXPECT_EQ(check("D18"), "PASS every region has an address") << "ports need none";
}

TEST_F(CheckHardware, OfPcie) {
  constexpr char kErrors = 0x01;
  constexpr char kResizable = 0x15;
  const auto set_both = [&](std::optional<char> extended) {
    for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) set_config(function, extended);
  };
  const auto all_start_with = [&](const std::string& word) {
    for (const auto* id : {"D16", "D17", "D19"}) EXPECT_THAT(check(id), StartsWith(word)) << id;
  };
  // A user other than root reads 64 bytes. A function that does not answer reads as all ones.
  for (const auto& config : {std::string(64, '\0'), std::string(4096, '\xff')}) {
    set("0000:02:00.0/config", config);
    all_start_with("UNKNOWN it is not known whether ");
  }
  set_both(std::nullopt);
  EXPECT_EQ(check("D16"), "PASS it is no PCIe device, and has no link");
  EXPECT_EQ(check("D17"), "PASS it is not made to report PCIe errors");
  EXPECT_EQ(check("D19"), "PASS no region can be resized");

  set_both(kErrors);
  EXPECT_THAT(check("D16"),
              StartsWith("UNKNOWN the kernel shows no current_link_width of 0000:02:00.0"));
  EXPECT_THAT(check("D17"), StartsWith("UNKNOWN the kernel counts no PCIe errors of 0000:02:00.0"));
  set("0000:02:00.0/current_link_width", "16\n");
  set("0000:02:00.0/max_link_width", "16\n");
  EXPECT_EQ(check("D16"), "PASS its link has 16 of 16 lanes");
  set("0000:02:00.0/current_link_width", "8\n");
  EXPECT_THAT(check("D16"), StartsWith("WARN its link has 8 of 16 lanes"));
  set("0000:02:00.0/current_link_width", "many\n");
  EXPECT_THAT(check("D16"), StartsWith("UNKNOWN link width 'many' of '16'"));
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::filesystem::path(function) / "aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 0\n");
    EXPECT_THAT(check("D17"), StartsWith("UNKNOWN"));
    set(std::filesystem::path(function) / "aer_dev_nonfatal", "TOTAL_ERR_NONFATAL 0\n");
  }
  EXPECT_EQ(check("D17"), "PASS no PCIe error was reported");
  set("0000:02:00.1/aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 3\n");
  EXPECT_THAT(check("D17"), StartsWith("WARN 0000:02:00.1 had 3 PCIe errors since boot"));

  set_config("0000:02:00.1", kResizable);
  EXPECT_EQ(check("D19"), "PASS a region of 0000:02:00.1 can be resized");
  set("0000:02:00.0/resource", "0xf6000000 0xf6ffffff 0x40200\n0x0 0xfffffff 0x14220c\n");
  set("0000:02:00.0/resource1_resize", "00000000000fff00\n");
  EXPECT_EQ(check("D19"), "PASS region 1 of 0000:02:00.0 (256 MiB) can be resized");
}

TEST_F(CheckHardware, TakesAnOldKernelsWordForAReset) {
  set("0000:02:00.0/reset", "");
  EXPECT_EQ(check("D14"), "PASS it can be reset") << "there is no list of methods before 5.15";
  set("0000:02:00.0/reset_method", "\n");
  EXPECT_THAT(check("D14"), StartsWith("WARN 0000:02:00.0 cannot be reset; "));
}

TEST_F(CheckHardware, PassesALinkThatIsNotTheCardsOwn) {
  for (const auto* most : {"0\n", "255\n"}) {
    set("0000:02:00.0/current_link_width", "0\n");
    set("0000:02:00.0/max_link_width", most);
    EXPECT_EQ(check("D16"), "PASS it has no PCIe link of its own");
  }
}

TEST_F(CheckHardware, NamesTheNumaNodeOfAHostWithSeveral) {
  EXPECT_THAT(check("D21"), StartsWith("UNKNOWN the kernel does not show the NUMA nodes"));
  set_host("devices/system/node/node0/x", "");
  set_host("devices/system/node/node1/x", "");
  set_host("devices/system/node/nodes/x", "");
  set("0000:02:00.0/numa_node", "1\n");
  EXPECT_EQ(check("D21"), "PASS it is on NUMA node 1");
}

}  // namespace
}  // namespace cluster::agent
