#include "node-agent/output/host_tree.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostTreeOf : public CalledGpupci {};

TEST_F(HostTreeOf, AHostWithoutPciIsEmpty) {
  EXPECT_EQ(gpupci({"--tree"}), "");
  EXPECT_EQ(gpupci({"--tree", "--json"}), "{\"nodes\":[],\"functions\":[]}\n");
}

TEST_F(HostTreeOf, HasCardsDisksAndNetworksAlone) {
  fake_.add_card("0000:02:00", 2, 13);
  fake_.add({"0000:00:1f.2", "0106", "8086:2922", "ahci", 4});
  fake_.add({"0000:03:00.0", "0108", "144d:a80a", "nvme", 5});
  fake_.add({"0000:04:00.0", "0200", "8086:1592", "ice", 6});
  const auto text = gpupci({"--tree"});
  EXPECT_EQ(std::ranges::count(text, '\n'), 4);
  EXPECT_THAT(text, HasSubstr("0000:02:00.0 gpupci1, "));
  EXPECT_THAT(text, HasSubstr("0000:02:00.1 gpupci1, "));
  EXPECT_THAT(text, HasSubstr("0000:03:00.0 nvme, "));
  EXPECT_THAT(text, HasSubstr("0000:04:00.0 network, "));
}

TEST_F(HostTreeOf, HasAWordForEachKind) {
  struct Case {
    const char* device_class;
    const char* id;
    const char* word;  // "" when it has no place on the map
  };
  for (const auto& one :
       {Case{"0108", "144d:a80a", "nvme"}, Case{"0200", "8086:1592", "network"},
        Case{"0207", "15b3:101b", "network"}, Case{"0280", "8086:2723", "network"},
        Case{"0680", "10de:22a3", "nvswitch"}, Case{"0680", "8086:1234", ""},
        Case{"0106", "8086:2922", ""}, Case{"0107", "1000:0097", ""}, Case{"0c03", "8086:a12f", ""},
        Case{"0300", "1a03:2000", ""}}) {
    fake_.add({"0000:03:00.0", one.device_class, one.id, std::nullopt, 5});
    replace_file(fake_.root() / "bus/pci/devices/0000:03:00.0/config", std::string(64, '\0'));
    const auto text = gpupci({"--tree"});
    const std::string word = one.word;
    EXPECT_EQ(text.substr(0, text.find(',')), word.empty() ? "" : "0000:03:00.0 " + word)
        << one.device_class << " " << one.id;
    fake_.remove("0000:03:00.0");
  }
}

TEST_F(HostTreeOf, PutsEachFunctionBelowItsBridges) {
  fake_.add_card("0000:02:00", 1, 13)
      .add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 1})
      .add({"0000:01:00.0", "0604", "10b5:8747", "pcieport", 1})
      .add({"0000:00:1c.0", "0604", "8086:a115", "pcieport", 2})
      .put_below("0000:01:00.0", "0000:00:01.0")
      .put_below("0000:02:00.0", "0000:01:00.0");
  const auto text = gpupci({"--tree"});
  EXPECT_THAT(text, HasSubstr("0000:00:01.0 port, "));
  EXPECT_THAT(text, HasSubstr("\n  0000:01:00.0 port, "));
  EXPECT_THAT(text, HasSubstr("\n    0000:02:00.0 gpupci1, "));
  EXPECT_THAT(text, Not(HasSubstr("0000:00:1c.0"))) << "nothing of the map is below it";
}

TEST_F(HostTreeOf, LeavesVirtualFunctionsOut) {
  fake_.add({"0000:04:00.0", "0200", "8086:1592", "ice", 6})
      .add({"0000:04:00.1", "0200", "8086:1889", "iavf", 7});
  std::filesystem::create_symlink("../0000:04:00.0",
                                  fake_.root() / "bus/pci/devices/0000:04:00.1/physfn");
  EXPECT_THAT(gpupci({"--tree"}), Not(HasSubstr("0000:04:00.1")));
}

TEST_F(HostTreeOf, HasNamesInTheOrderOfTheirNumbers) {
  fake_.add({"0000:04:00.0", "0207", "15b3:101b", "mlx5_core", 6});
  const auto device = fake_.root() / "bus/pci/devices/0000:04:00.0";
  for (const auto* name : {"net/eth10", "net/eth2", "infiniband/mlx5_0"}) {
    std::filesystem::create_directories(device / name);
  }
  EXPECT_THAT(gpupci({"--tree"}), HasSubstr("0000:04:00.0 network eth2 eth10 mlx5_0, "));
}

// Of a name that holds an escape nothing but its digits gets to the terminal.
TEST_F(HostTreeOf, ShowsNamesAsTheyCanBePrinted) {
  fake_.add({"0000:04:00.0", "0200", "8086:1592", "ice", 6});
  std::filesystem::create_directories(fake_.root() / "bus/pci/devices/0000:04:00.0/net/a\x1b[2J");
  EXPECT_THAT(gpupci({"--tree"}), HasSubstr(R"(network a\x1b[2J, )"));
}

class HostTreeNodes : public HostTreeOf {
 protected:
  nlohmann::json nodes() { return nlohmann::json::parse(gpupci({"--tree", "--json"}))["nodes"]; }

  void add_node(int number, const std::string& cpus) {
    replace_file(
        fake_.root() / "devices/system/node" / ("node" + std::to_string(number)) / "cpulist",
        cpus + "\n");
  }
  void add_cpu(int number, int package) {
    replace_file(fake_.root() / "devices/system/cpu" / ("cpu" + std::to_string(number)) /
                     "topology/physical_package_id",
                 std::to_string(package) + "\n");
  }
};

TEST_F(HostTreeNodes, HaveTheSocketOfTheirFirstCpu) {
  add_node(0, "0-15,32-47");
  add_node(1, "16-31,48-63");
  add_node(2, "64");
  add_cpu(0, 0);
  add_cpu(16, 1);
  add_cpu(64, 3);
  EXPECT_EQ(nodes(), nlohmann::json::parse(R"([
      {"node": 0, "cpus": "0-15,32-47", "package": 0},
      {"node": 1, "cpus": "16-31,48-63", "package": 1},
      {"node": 2, "cpus": "64", "package": 3}])"));
}

// The memory of a Grace Hopper's GPU is such a node.
TEST_F(HostTreeNodes, MayHaveMemoryAlone) {
  add_node(1, "");
  EXPECT_EQ(nodes(), nlohmann::json::parse(R"([{"node": 1, "cpus": null, "package": null}])"));
}

TEST_F(HostTreeNodes, AreInTheOrderOfTheirNumbers) {
  for (const int number : {10, 2, 1}) add_node(number, std::to_string(number));
  replace_file(fake_.root() / "devices/system/node/online", "1-2,10\n");
  replace_file(fake_.root() / "devices/system/node/nodex/cpulist", "7\n");
  const auto all = nodes();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0]["node"], 1);
  EXPECT_EQ(all[1]["node"], 2);
  EXPECT_EQ(all[2]["node"], 10);
}

// ---- of a tree that was read

TreeFunction tree_function(int bus, std::optional<PciAddress> parent) {
  TreeFunction one;
  one.function = {{0, static_cast<std::uint8_t>(bus), 0, 0}, 0x0604, 0x8086, 0x1901, {}, {}};
  one.kind = "port";
  one.parent = parent;
  return one;
}

TEST(TreeText, SaysWhatIsKnownOfAFunction) {
  HostTree tree;
  tree.functions = {tree_function(1, std::nullopt)};
  EXPECT_EQ(tree_text(tree), "0000:01:00.0 port, 8086:1901\n");
  auto& one = tree.functions.front();
  one.card = "gpupci1";
  one.model = "GP106";
  one.names = {"a"};
  one.numa_node = 0;
  one.function.iommu_group = 0;
  EXPECT_EQ(tree_text(tree), "0000:01:00.0 gpupci1 a, GP106, node 0, group 0\n");
}

TEST(TreeText, LosesNoFunctionBelowABridgeThatCannotBeRead) {
  HostTree tree;
  tree.functions = {tree_function(1, PciAddress{0, 9, 0, 0}),
                    tree_function(2, PciAddress{0, 1, 0, 0})};
  EXPECT_EQ(tree_text(tree),
            "0000:01:00.0 port, 8086:1901\n"
            "  0000:02:00.0 port, 8086:1901\n");
}

TEST(TreeJson, HasNullForWhatIsNotKnown) {
  HostTree tree;
  tree.functions = {tree_function(1, std::nullopt), tree_function(2, PciAddress{0, 1, 0, 0})};
  const auto functions = nlohmann::json::parse(tree_json(tree))["functions"];
  for (const auto* key : {"card", "model", "numa_node", "parent", "driver", "iommu_group"}) {
    EXPECT_EQ(functions[0][key], nullptr) << key;
  }
  EXPECT_EQ(functions[0]["kind"], "port");
  EXPECT_EQ(functions[0]["names"], nlohmann::json::array());
  EXPECT_EQ(functions[1]["parent"], "pci_0000_01_00_0");
}

}  // namespace
}  // namespace cluster::agent
