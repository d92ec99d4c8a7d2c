// The text of a map: where each thing stands, and what is said of it.

#include <gmock/gmock.h>

#include "frontend/hosts/host_map.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

MapFunction mapped(const char* pci, const char* kind, std::optional<int> node = {}) {
  MapFunction function{PciAddress::parse(pci), kind, "M", {}, {}, {}, {}, {}, {}, ""};
  function.numa_node = node;
  return function;
}

MapFunction mapped_below(const char* bridge, const char* pci, const char* kind,
                         std::optional<int> node = {}) {
  auto function = mapped(pci, kind, node);
  function.parent = PciAddress::parse(bridge);
  return function;
}

MapFunction mapped_card(const char* pci, const char* name, const char* driver, int group) {
  auto function = mapped_below("00:01.0", pci, "card");
  function.card = GpuName(name);
  if (*driver != '\0') function.driver = driver;
  function.iommu_group = group;
  return function;
}

std::vector<std::string> map_text(const HostMap& map, const CardHolders& holders = {}) {
  return map_lines(HostName("n1"), map, holders);
}

TEST(HostMapText, CountsWhatIsThere) {
  EXPECT_THAT(map_text({}), ElementsAre("n1: no cards, NVMe disks or networks on PCI"));
  HostMap map;
  map.nodes = {{0, {}, 0}};
  map.functions = {mapped("01:00.0", "card"), mapped("02:00.0", "network"),
                   mapped("03:00.0", "nvme"), mapped("04:00.0", "nvswitch"),
                   mapped("05:00.0", "port")};
  map.functions[0].card = GpuName("gpupci1");
  EXPECT_EQ(map_text(map).at(0),
            "n1: 1 socket, 1 NUMA node, 1 card, 1 NVSwitch, 1 NVMe disk, 1 network function");
  map.nodes.push_back({1, {}, 1});
  for (const auto& [pci, kind] : {std::pair("06:00.0", "card"),
                                  {"07:00.0", "network"},
                                  {"08:00.0", "nvme"},
                                  {"09:00.0", "nvswitch"}}) {
    map.functions.push_back(mapped(pci, kind));
  }
  map.functions[5].card = GpuName("gpupci2");
  EXPECT_EQ(map_text(map).at(0),
            "n1: 2 sockets, 2 NUMA nodes, 2 cards, 2 NVSwitches, 2 NVMe disks, 2 network "
            "functions");
}

TEST(HostMapText, HasNodesBelowTheirSocketsAndTheOthersBehind) {
  HostMap map;
  map.nodes = {{0, "0-3", 1}, {1, "8", {}}, {2, "", 0}, {3, {}, 1}};
  EXPECT_THAT(map_text(map),
              ElementsAre("n1: 2 sockets, 4 NUMA nodes", "  socket 0", "    NUMA node 2, no CPUs",
                          "  socket 1", "    NUMA node 0, CPUs 0-3", "    NUMA node 3",
                          "  NUMA node 1, CPUs 8"));
}

TEST(HostMapText, HasARootBusOnceAndOfAHostOfOneNodeEverythingThere) {
  HostMap map;
  map.nodes = {{5, {}, {}}};
  map.functions = {mapped("00:01.0", "nvme"), mapped("00:02.0", "nvme", 7),
                   mapped("40:01.0", "network", 5), mapped("10000:00:01.0", "nvme")};
  EXPECT_THAT(map_text(map), ElementsAre("n1: 1 NUMA node, 3 NVMe disks, 1 network function",
                                         "  NUMA node 5", "    root 0000:00",
                                         "      0000:00:01.0 nvme, M", "      0000:00:02.0 nvme, M",
                                         "    root 0000:40", "      0000:40:01.0 network, M",
                                         "    root 10000:00", "      10000:00:01.0 nvme, M"));
}

TEST(HostMapText, HasWhatTellsNoNodeOrOneThatIsNotThereUnderATitle) {
  HostMap map;
  map.nodes = {{0, {}, {}}, {1, {}, {}}};
  map.functions = {mapped("00:01.0", "nvme", 0), mapped("40:00.0", "nvme"),
                   mapped("41:00.0", "nvme", 7)};
  EXPECT_THAT(map_text(map),
              ElementsAre("n1: 2 NUMA nodes, 3 NVMe disks", "  NUMA node 0", "    root 0000:00",
                          "      0000:00:01.0 nvme, M", "  NUMA node 1", "  NUMA node not told",
                          "    root 0000:40", "      0000:40:00.0 nvme, M", "    root 0000:41",
                          "      0000:41:00.0 nvme, M"));
}

TEST(HostMapText, HasNoRootOfWhatIsInTheLineOfItsCard) {
  HostMap map;
  map.nodes = {{0, {}, {}}, {1, {}, {}}};
  map.functions = {mapped("40:00.0", "card", 0), mapped("80:00.0", "card", 1)};
  for (auto& one : map.functions) one.card = GpuName("gpupci1");
  EXPECT_THAT(map_text(map),
              ElementsAre("n1: 2 NUMA nodes, 1 card", "  NUMA node 0", "    root 0000:40",
                          "      0000:40:00.0 0000:80:00.0 gpupci1, M, - -", "  NUMA node 1"));
}

// Bridges of some boards tell no node, or a wrong one.
TEST(HostMapText, HasABridgeInTheNodeOfWhatIsBelowIt) {
  HostMap map;
  map.nodes = {{0, {}, {}}, {1, {}, {}}};
  map.functions = {mapped("00:01.0", "port", 0), mapped("00:02.0", "port", 0),
                   mapped_below("00:01.0", "01:00.0", "port"),
                   mapped_below("01:00.0", "02:00.0", "nvme", 1),
                   mapped_below("00:02.0", "03:00.0", "nvme")};
  EXPECT_THAT(map_text(map),
              ElementsAre("n1: 2 NUMA nodes, 2 NVMe disks", "  NUMA node 0", "    root 0000:00",
                          "      0000:00:02.0 bridge, M", "        0000:03:00.0 nvme, M",
                          "  NUMA node 1", "    root 0000:00", "      0000:00:01.0 bridge, M",
                          "        0000:01:00.0 bridge, M", "          0000:02:00.0 nvme, M"));
}

TEST(HostMapText, SaysOfAFunctionWhatIsKnownAndOfABridgeNoDriver) {
  HostMap map;
  map.nodes = {{0, {}, {}}};
  map.functions = {mapped("01:00.0", "network"), mapped("02:00.0", "port")};
  for (auto& function : map.functions) {
    function.driver = "some_driver";
    function.iommu_group = 0;
    function.link = "x16 at 8.0 GT/s PCIe";
  }
  map.functions[0].names = {"eth0", "mlx5_0"};
  const auto lines = map_text(map);
  EXPECT_EQ(
      lines.at(3),
      "      0000:01:00.0 network eth0 mlx5_0, M, some_driver, x16 at 8.0 GT/s PCIe, group 0");
  EXPECT_EQ(lines.at(5), "      0000:02:00.0 bridge, M, x16 at 8.0 GT/s PCIe, group 0");
}

TEST(HostMapText, HasACardOnceWithAllItsFunctions) {
  HostMap map;
  map.nodes = {{0, {}, {}}};
  map.functions = {mapped("00:01.0", "port"),
                   mapped_card("02:00.0", "gpupci1", "nvidia", 9),
                   mapped_card("02:00.1", "gpupci1", "", 4),
                   mapped_card("02:00.3", "gpupci1", "xhci_hcd", 9),
                   mapped_card("03:00.0", "gpupci1", "nvidia", 10),
                   mapped_card("04:00.0", "gpupci2", "vfio-pci", 11)};
  map.functions[1].link = "x8 at 8.0 GT/s PCIe";
  const auto lines = map_text(map, {{GpuName("gpupci2"), HostName("v1")}});
  EXPECT_EQ(lines.at(4),
            "        0000:02:00.0,1,3 0000:03:00.0 gpupci1, M, nvidia - xhci_hcd nvidia, x8 at 8.0 "
            "GT/s PCIe, group 4, group 9, group 10");
  EXPECT_EQ(lines.at(5), "        0000:04:00.0 gpupci2, M, vfio-pci, group 11, in v1");
  EXPECT_EQ(lines.at(6), "");
}

TEST(HostMapText, HasDistancesFromCardsToEverythingElse) {
  HostMap map;
  map.nodes = {{0, {}, {}}};
  map.functions = {mapped("00:01.0", "port"), mapped_below("00:01.0", "01:00.0", "nvme"),
                   mapped_card("02:00.0", "gpupci1", "nvidia", 1)};
  map.functions[1].names = {"nvme0"};
  auto lines = map_text(map);
  lines.erase(lines.begin(), lines.begin() + 7);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines.at(0), "           nvme0  gpupci1");
  EXPECT_EQ(lines.at(1), "  gpupci1  PIX    X");
  EXPECT_EQ(lines.at(2), "");
}

TEST(HostMapText, HasNoDistancesOfOneThingOrWithoutACard) {
  HostMap map;
  map.nodes = {{0, {}, {}}};
  map.functions = {mapped("00:01.0", "port"), mapped_card("02:00.0", "gpupci1", "nvidia", 1)};
  EXPECT_EQ(map_text(map).size(), 5U);
  map.functions = {mapped("00:01.0", "nvme"), mapped("00:02.0", "nvme")};
  EXPECT_EQ(map_text(map).size(), 5U);
}

}  // namespace
}  // namespace cluster::frontend
