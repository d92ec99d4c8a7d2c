#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::StartsWith;

class CheckHardware : public CheckedHost {};

TEST_F(CheckHardware, OfTheHardware) {
  EXPECT_THAT(check("D15"), StartsWith("UNKNOWN the kernel shows no power_state of 0000:02:00.0"));
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::filesystem::path(function) / "config", std::string(64, '\0'));
    set(std::filesystem::path(function) / "d3cold_allowed", "1\n");
  }
  EXPECT_EQ(check("D15"), "PASS it has power") << "what may be is no fact";
  set("0000:02:00.0/power_state", "D0\n");
  EXPECT_EQ(check("D15"), "PASS it has power");
  set("0000:02:00.1/power_state", "D3cold\n");
  EXPECT_THAT(check("D15"), StartsWith("WARN 0000:02:00.1 is without power (D3cold); echo 0 >"));
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
  EXPECT_EQ(check("D20"), "PASS it has no ROM");
  const std::string six =
      "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n";
  set("0000:02:00.0/boot_vga", "1\n");
  set("0000:02:00.0/resource", six + "0xf7e40000 0xf7e5ffff 0x46200\n");
  EXPECT_EQ(check("D20"), "PASS its ROM is its own") << "although the firmware starts with it";
  set("0000:02:00.0/resource", six + "0xc0000 0xdffff 0x212\n");
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

// An eGPU for which the bridge has no 16 MiB below 4 GiB: the kernel shows nothing, and neither
// does configuration space.
TEST_F(CheckHardware, MissesTheRegistersOfAnNvidiaGpu) {
  const std::string none = "0x0 0x0 0x0\n";
  const std::string large = "0x4000000000 0x400fffffff 0x14220c\n" + none;
  set("0000:02:00.1/resource", none);
  set("0000:02:00.0/resource", none + large + large);
  EXPECT_THAT(check("D18"),
              StartsWith("FAIL region 0 of 0000:02:00.0, its registers, has no address; reboot"));
  set("0000:02:00.0/vendor", "0x1002\n");
  EXPECT_EQ(check("D18"), "PASS every region has an address") << "others have them elsewhere";
}

TEST_F(CheckHardware, ShowsWhichRegionsCanBeResized) {
  constexpr char kResizable = 0x15;
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) set_config(function, std::nullopt);
  EXPECT_EQ(check("D19"), "PASS no region can be resized");
  set_config("0000:02:00.1", kResizable);
  EXPECT_EQ(check("D19"), "PASS a region of 0000:02:00.1 can be resized");
  set("0000:02:00.0/resource", "0xf6000000 0xf6ffffff 0x40200\n0x0 0xfffffff 0x14220c\n");
  set("0000:02:00.0/resource1_resize", "00000000000fff00\n");
  EXPECT_EQ(check("D19"), "PASS region 1 of 0000:02:00.0 (256 MiB) can be resized");
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
