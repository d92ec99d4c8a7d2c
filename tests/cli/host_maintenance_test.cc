// Tests that a host in maintenance gets no VM and starts none, and that its VMs are named.

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

class Maintenance : public Story {
 protected:
  void SetUp() override {
    for (const std::string host : {"n1", "n2"}) {
      cluster({"add", "host", host});
      cluster({"add", "host", "gpu", host, "gpupci1", "02:00.0"});
      cluster({"add", "host", "gpu", host, "gpupci2", "03:00.0"});
      transport.answers[host].out = "v1\nv2\n";
    }
    cluster({"add", "host", "vm", "v1", "n1"});
    cluster({"add", "host", "vm", "v2", "n1"});
  }

  void stop_using_n1() { cluster({"set", "host", "n1", "maintenance=yes", "reason=new fans"}); }
};

TEST_F(Maintenance, KeepsPlacementAway) {
  stop_using_n1();
  cluster({"add", "host", "vm", "v3", "gpus=1"});
  EXPECT_THAT(cluster({"list", "host", "vm", "v3", "format=csv"}), HasSubstr("v3,n2,"));
  cluster({"add", "host", "vm", "v4", "gpus=2"}, 1,
          "no host has 2 cards free: n1 has 0 (gpupci1 is in maintenance: new fans, gpupci2 is in "
          "maintenance: new fans); n2 has 1 (gpupci1 is in v3)");
  cluster({"add", "host", "vm", "v4", "n1", "gpus=1"}, 1,
          "no host has 1 card free: n1 has 0 (gpupci1 is in maintenance: new fans, gpupci2 is in "
          "maintenance: new fans)");
  cluster({"set", "host", "n1", "maintenance=no"});
  cluster({"add", "host", "vm", "v4", "gpus=2"});
}

TEST_F(Maintenance, KeepsMovesAndStartsAway) {
  cluster({"add", "host", "vm", "v3", "n2"});
  stop_using_n1();
  const std::string why =
      "host 'n1' is in maintenance (new fans): `cluster set host n1 maintenance=no`";
  const auto before = dump();
  cluster({"set", "host", "vm", "v3", "container=n1"}, 1, why);
  EXPECT_EQ(dump(), before);
  cluster({"start", "host", "vm", "v1"}, 1, "v1: " + why);
  EXPECT_EQ(domains.hosts["n1"].done, std::vector<std::string>{});
  cluster({"set", "host", "n1", "maintenance=no"});
  cluster({"start", "host", "vm", "v1"});
}

TEST_F(Maintenance, StartsAgainNothingThatWasSaved) {
  cluster({"start", "host", "vm", "v1"});
  cluster({"save", "host", "vm", "v1"});
  stop_using_n1();
  cluster({"restore", "host", "vm", "v1"}, 1,
          "v1: host 'n1' is in maintenance (new fans): `cluster set host n1 maintenance=no`");
}

TEST_F(Maintenance, SaysWhoRunsThere) {
  transport.by_command["gpupci -l --json"] = R"({"cards": [
    {"name": "gpupci1", "pci": "pci_0000_02_00_0", "functions": [
      {"pci": "pci_0000_02_00_0", "class": "0300", "vendor": "10de", "device": "1eb1",
       "driver": "vfio-pci"}]}]})";
  cluster({"discover", "host", "gpu", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  cluster({"start", "host", "vm", "v1"});
  cluster({"set", "host", "n1", "n2", "maintenance=yes"}, 0, "n1: runs VM v1 with gpupci1");
  domains.hosts["n1"].failure = Error(Fault::unreachable, "no route to host");
  cluster({"set", "host", "n1", "maintenance=yes"}, 0,
          "n1: not known whether its VMs run (v1 with gpupci1; v2): no route to host");
  cluster({"set", "host", "n1", "maintenance=no"});
}

TEST_F(Maintenance, IsListedAndDumped) {
  cluster({"set", "host", "n1", "maintenance=yes", "reason=it's hot"});
  cluster({"set", "host", "n2", "maintenance=yes"});
  EXPECT_THAT(cluster({"list", "host", "format=csv"}), HasSubstr(",it's hot\n"));
  EXPECT_THAT(cluster({"list", "host", "format=csv"}), HasSubstr(",yes\n"));
  EXPECT_EQ(cluster({"dump", "host", "n1", "n2"}),
            "cluster add host n1 appliance=vm-container maintenance=yes reason='it'\\''s hot'\n"
            "cluster add host n2 appliance=vm-container maintenance=yes\n");
  const auto dumped = dump();
  cluster({"set", "host", "n1", "reason=cooler"});
  EXPECT_THAT(cluster({"dump", "host", "n1"}), HasSubstr("reason=cooler"));
  cluster({"set", "host", "n1", "cpus=4"});
  EXPECT_THAT(cluster({"dump", "host", "n1"}), HasSubstr("maintenance=yes reason=cooler"));
}

TEST_F(Maintenance, AReasonIsForAMaintenance) {
  cluster({"set", "host", "n1", "reason=why not"}, 2,
          "reason= is for maintenance=yes, and host 'n1' is in use");
  cluster({"set", "host", "n1", "maintenance=no", "reason=done"}, 2,
          "reason= is for maintenance=yes");
  EXPECT_EQ(run({"set", "host", "n1", "maintenance=yes", "reason=two\nlines"}).status, 2);
}

}  // namespace
}  // namespace cluster
