// `start host vm` looks at the slices of a VM. gpupci itself answers.

#include <gmock/gmock.h>

#include "tests/support/sliced_host.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

class StartSlices : public SlicedStory {
 protected:
  std::string start(const std::string& vm) {
    const auto [out, err, status] = run({"start", "host", "vm", vm});
    EXPECT_EQ(out, "");
    EXPECT_EQ(status, err.empty() ? 0 : 1);
    return err;
  }
};

TEST_F(StartSlices, OfEachKind) {
  const auto uuid = host.create();
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1.0"});
  cluster({"add", "host", "gpu", "v1", "gpupci2", "gpupci2.1"});
  cluster({"add", "host", "gpu", "v1", "gpupci3", uuid});
  EXPECT_EQ(start("v1"), "");
  EXPECT_THAT(domains.hosts["n1"].done, ElementsAre("define v1", "start v1"));
}

TEST_F(StartSlices, DoNotStartWhenTheyCannot) {
  const auto uuid = host.create();
  discover();
  const auto say = [this] {
    transport.by_command["gpupci -l --json"] = host.run({"-l", "--json"});
  };
  auto& there = domains.hosts["n1"];
  const auto refuses = [&](const std::string& card, const std::string& why) {
    cluster({"add", "host", "gpu", "v1", "gpupci", card});
    say();
    EXPECT_EQ(start("v1"), "cluster: v1: " + why + "\n");
    cluster({"remove", "host", "gpu", "v1", "gpupci"});
    EXPECT_TRUE(there.done.empty());
  };
  refuses("gpupci1.1",
          "the slice 'n1 gpupci1.1' is attached to its host: pci_0000_01_00_2 has no driver (want "
          "vfio-pci: `cluster detach host gpu n1 gpupci1.1`, or the type of a vGPU: gpupci "
          "--create-vgpu)");
  refuses("gpupci2.0",
          "the slice 'n1 gpupci2.0' is attached to its host: pci_0000_02_00_1 has the driver "
          "'nvidia' (want vfio-pci: `cluster detach host gpu n1 gpupci2.0`, or the type of a vGPU: "
          "gpupci --create-vgpu)");
  refuses("gpupci1.3", "the slice 'n1 gpupci1.3' is not there");
  there.in_use = {{"by-hand", "0000:01:00.1"}, {"by-hand", uuid}};
  refuses("gpupci1.0", "the slice 'n1 gpupci1.0' is in the running VM 'by-hand'");
  refuses(uuid, "the vGPU 'n1 " + uuid + "' is in the running VM 'by-hand'");
  there.in_use = {};
  host.cut(0);
  host.remove(uuid);
  refuses("gpupci1.0", "the slice 'n1 gpupci1.0' is not there");
  refuses(uuid, "the vGPU 'n1 " + uuid + "' is not there");
}

// Returns the agent's answer with some words replaced.
TEST_F(StartSlices, DoNotStartAsSomethingElseThanTheyWere) {
  const auto uuid = host.create();
  discover();
  auto& answer = transport.by_command["gpupci -l --json"];
  const auto before = answer;
  const auto refuses = [&](const std::string& card, const std::string& what,
                           const std::string& with, const std::string& why) {
    cluster({"add", "host", "gpu", "v1", "gpupci", card});
    ASSERT_NE(answer.find(what), std::string::npos);
    answer.replace(answer.find(what), what.size(), with);
    EXPECT_EQ(start("v1"), "cluster: v1: " + why + " (`cluster discover host gpu n1`)\n");
    answer = before;
    EXPECT_EQ(start("v1"), "");
    cluster({"stop", "host", "vm", "v1", "action=poweroff"});
    cluster({"remove", "host", "gpu", "v1", "gpupci"});
  };
  refuses("gpupci1.0", "pci_0000_01_00_1", "pci_0000_01_01_1",
          "the slice 'n1 gpupci1.0' is not as the inventory knows it: at pci_0000_01_01_1, was at "
          "pci_0000_01_00_1");
  refuses("gpupci2.1", R"("type":"1145")", R"("type":"1146")",
          "the slice 'n1 gpupci2.1' is not as the inventory knows it: vGPU of type 1146, was 1145");
  refuses(uuid, R"("type":"mtty-1")", R"("type":"mtty-2")",
          "the vGPU 'n1 " + uuid +
              "' is not as the inventory knows it: vGPU of type mtty-2, was mtty-1");
}

}  // namespace
}  // namespace cluster
