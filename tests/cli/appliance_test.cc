#include "tests/support/story.h"

namespace cluster {
namespace {

using ApplianceStory = Story;

TEST_F(ApplianceStory, OwnOnesAreAddedChangedAndRemoved) {
  cluster({"add", "appliance", "gpu-node"});
  cluster({"add", "appliance", "depot", "managed=no"});
  cluster({"add", "host", "gpu-node-0-3"});
  EXPECT_EQ(cluster({"list", "appliance"}),
            "APPLIANCE     MANAGED HOSTS\n"
            "compute:      yes     0\n"
            "depot:        no      0\n"
            "frontend:     no      0\n"
            "gpu-node:     yes     1\n"
            "vm:           no      0\n"
            "vm-container: yes     0\n");
  cluster({"set", "appliance", "compute", "depot", "managed=N"});
  EXPECT_EQ(cluster({"dump", "appliance"}),
            "cluster set appliance compute managed=no\n"
            "cluster add appliance depot managed=no\n"
            "cluster add appliance gpu-node managed=yes\n");
  EXPECT_EQ(cluster({"dump", "host"}),
            "cluster add host gpu-node-0-3 appliance=gpu-node rack=0 "
            "rank=3\n");
  EXPECT_EQ(cluster({"expand", "host", "gpu-node"}), "gpu-node-0-3\n");
  cluster({"remove", "appliance", "depot"});
}

TEST_F(ApplianceStory, WhatIsInUseOrAlwaysThereStays) {
  cluster({"add", "appliance", "gpu-node"});
  cluster({"add", "appliance", "depot"});
  cluster({"add", "host", "gpu-node-0-[3-4]"}, 0, "added 2 hosts");
  cluster({"add", "appliance", "attr", "depot", "site_disk", "10"});
  const auto before = dump();
  cluster({"remove", "appliance", "gpu-node"}, 1,
          "appliance 'gpu-node' still has hosts: first `cluster set host gpu-node-0-[3-4] "
          "appliance=`...");
  cluster({"remove", "appliance", "depot"}, 1,
          "appliance 'depot' still has attributes (site_disk): first `cluster remove appliance "
          "attr`");
  for (const std::string name : {"compute", "frontend", "vm", "vm-container"}) {
    cluster({"remove", "appliance", name}, 1, "appliance '" + name + "' is always there");
  }
  cluster({"remove", "appliance", "toaster"}, 2,
          "no appliance 'toaster' (want one of compute, depot, frontend, gpu-node, vm, "
          "vm-container)");
  cluster({"add", "appliance", "compute"}, 1,
          "appliance 'compute' is in the inventory already (`cluster set appliance` changes it)");
  cluster({"set", "appliance", "compute"}, 2, "set appliance: nothing to set (want managed=)");
  EXPECT_EQ(dump(), before);
}

TEST_F(ApplianceStory, NamesAreTakenOnce) {
  cluster({"add", "host", "n1"});
  cluster({"add", "appliance", "n1"}, 1, "appliance 'n1': a host has this name");
  cluster({"add", "appliance", "depot"});
  EXPECT_EQ(run({"add", "host", "depot"}).status, 2);
  for (const auto* wrong : {"free", "rack1", "all", "host", "networks", "Storage", "a b", "1a"}) {
    EXPECT_EQ(run({"add", "appliance", wrong}).status, 2) << wrong;
  }
  for (const auto* word : {"appliance", "network", "appliances", "networks", "dhcp", "dns"}) {
    EXPECT_EQ(run({"add", "host", word}).status, 2) << word;
  }
}

}  // namespace
}  // namespace cluster
