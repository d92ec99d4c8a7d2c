// Tests `report host gpu format=topology`; host_map_test.cc has the maps.

#include <gmock/gmock.h>

#include "core/text.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostTopology : public Story {
 protected:
  void SetUp() override {
    for (const auto* host : {"n1", "n2"}) cluster({"add", "host", host, "appliance=vm-container"});
    cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
    cluster({"add", "host", "vm", "v1", "n1"});
    cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
    for (const auto* host : {"n1", "n2"}) transport.answers[host].out = kMap;
  }

  // The words of one function, as gpupci tells it.
  static std::string function(const std::string& pci, const std::string& kind,
                              const std::string& ids, const std::string& more) {
    return R"({"pci": ")" + pci + R"(", "kind": ")" + kind + R"(", "class": "0000", )" + ids +
           R"(, "model": null, "numa_node": null, )" + more +
           R"(, "link": {"speed": null, "width": null, "max_speed": null, "max_width": null}})";
  }

  const std::string kMap =
      R"({"nodes": [{"node": 0, "cpus": "0-3", "package": 0}], "functions": [)" +
      function(
          "pci_0000_00_01_0", "port", R"("vendor": "8086", "device": "1901")",
          R"("driver": null, "iommu_group": null, "card": null, "parent": null, "names": [])") +
      "," +
      function("pci_0000_02_00_0", "card", R"("vendor": "10de", "device": "1c03")",
               R"("driver": "vfio-pci", "iommu_group": 1, "card": "gpupci1",
                  "parent": "pci_0000_00_01_0", "names": [])") +
      "," +
      function("pci_0000_00_1f_6", "network", R"("vendor": "8086", "device": "15b8")",
               R"("driver": null, "iommu_group": null, "card": null, "parent": null,
                  "names": ["eno1"])") +
      "]}";
};

TEST_F(HostTopology, IsAskedAndHasTheVms) {
  EXPECT_EQ(cluster({"report", "host", "gpu", "n1", "format=topology"}),
            "n1: 1 socket, 1 NUMA node, 1 card, 1 network function\n"
            "  socket 0\n"
            "    NUMA node 0, CPUs 0-3\n"
            "      root 0000:00\n"
            "        0000:00:01.0 bridge, 8086:1901\n"
            "          0000:02:00.0 gpupci1, 10de:1c03, vfio-pci, group 1, in v1\n"
            "        0000:00:1f.6 network eno1, 8086:15b8\n"
            "\n"
            "           eno1  gpupci1\n"
            "  gpupci1  PHB   X\n"
            "\n"
            "  PIX: through one switch at the most; PXB: several; PHB: the host bridge;\n"
            "  NODE: host bridges of one NUMA node; SYS: between NUMA nodes; ?: not told.\n"
            "  This is PCI alone: links of NVLink or xGMI between cards are not looked at.\n");
  EXPECT_THAT(transport.asked_targets.at(0).command, HasSubstr("gpupci --tree --json"));
  const auto both = cluster({"report", "host", "gpu", "n[1-2]", "format=topology"});
  EXPECT_THAT(both, HasSubstr("not looked at.\n\nn2: 1 socket"));
}

TEST_F(HostTopology, AsJsonIsALineForEachHost) {
  const auto text = cluster({"report", "host", "gpu", "n[1-2]", "format=topology", "json=yes"});
  const auto lines = split(text, '\n');
  ASSERT_EQ(lines.size(), 3U) << "and nothing after the last";
  for (const auto line : {lines[0], lines[1]}) expect_shape(std::string(line), "topology");
  EXPECT_THAT(text, HasSubstr(R"({"host":"n1","nodes":[)"));
  EXPECT_THAT(text, HasSubstr("\n{\"host\":\"n2\""));
  EXPECT_THAT(text, HasSubstr(R"("distances":[{"from":"gpupci1","to":"eno1","distance":"PHB"}])"));
}

TEST_F(HostTopology, ShowsTheOthersWhenOneDoesNotAnswer) {
  transport.answers["n1"] = {"", "gpupci: no such option: '--tree'", {ssh::End::exited, 2, "", {}}};
  const auto done = run({"report", "host", "gpu", "n[1-2]", "format=topology"});
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.out, HasSubstr("n2: 1 socket"));
  EXPECT_THAT(done.out, Not(HasSubstr("n1:")));
  EXPECT_THAT(done.err, HasSubstr("no such option: '--tree' (is it of this version? cluster sync"));
}

TEST_F(HostTopology, IsOfHostsThatAreNamedAndNoVms) {
  cluster({"report", "host", "gpu", "format=topology"}, 2,
          "report host gpu: want HOST (each is asked for its map)");
  cluster({"report", "host", "gpu", "v1", "format=topology"}, 2,
          "'v1' is a VM: the topology is of its host 'n1'");
  cluster({"report", "host", "gpu", "n1", "gpu=gpupci1", "format=topology"}, 2,
          "gpu='gpupci1': format=topology has all cards");
}

}  // namespace
}  // namespace cluster
