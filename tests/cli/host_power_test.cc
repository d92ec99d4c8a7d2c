// The power of hosts, by the agent whose switch is a file: fence_dummy.

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/json_shape.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostPowerStory : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n[1-3]"}, 0, "added 3 hosts");
    cluster({"set", "appliance", "attr", "vm-container", "fence",
             "fence_dummy type=file status_file=" + (folder.path() / "{host}").string()});
  }
  std::string states() {
    return cluster({"set", "host", "power", "n[1-3]", "action=status", "format=csv"});
  }
};

TEST_F(HostPowerStory, ManyHostsAreSwitched) {
  EXPECT_EQ(cluster({"set", "host", "power", "n[1-2]", "action=on"}, 0, "switched 2 hosts"), "");
  EXPECT_EQ(states(), "host,power\nn1,on\nn2,on\nn3,off\n");
  expect_shape(cluster({"set", "host", "power", "n1", "action=status", "format=json"}),
               "set_host_power");
  cluster({"set", "host", "power", "n1", "action=off"});
  cluster({"set", "host", "power", "n3", "action=cycle"});
  EXPECT_EQ(states(), "host,power\nn1,off\nn2,on\nn3,on\n");
}

TEST_F(HostPowerStory, APatternWantsConsentToOffAndCycleAlone) {
  for (const auto* action : {"action=off", "action=cycle"}) {
    cluster({"set", "host", "power", "n*", action}, 1,
            "set host power: 'n*' means 3 hosts, n[1-3]: want yes=yes, or their names");
  }
  cluster({"set", "host", "power", "n*", "action=on"}, 0, "switched 3 hosts");
  cluster({"set", "host", "power", "n*", "action=off", "yes=yes"}, 0, "switched 3 hosts");
}

TEST_F(HostPowerStory, TheVmsOfANamedHostWantConsentToo) {
  cluster({"set", "host", "power", "n1", "action=on"});
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "vm", "v2", "n1"});
  cluster({"set", "host", "power", "n1", "action=cycle"}, 1,
          "set host power: action=cycle takes the power from 1 host, n1, with 2 VMs, v[1-2]: "
          "want yes=yes");
  cluster({"set", "host", "power", "n1", "action=off", "yes=yes"});
  EXPECT_THAT(states(), HasSubstr("n1,off"));
}

TEST_F(HostPowerStory, OneHostWithoutAWayRefusesAll) {
  cluster({"set", "host", "attr", "n2", "fence", ""});
  const auto result = run({"set", "host", "power", "n[1-3]", "action=on"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("n2: no attribute fence"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "n1")) << "nothing was switched";
}

TEST_F(HostPowerStory, OneFailureIsNotThatOfOthers) {
  cluster({"set", "host", "attr", "n2", "fence", "fence_ipmilan username=a"});
  const auto result = run({"set", "host", "power", "n[1-3]", "action=status", "format=csv"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "host,power\nn1,off\nn3,off\n");
  EXPECT_EQ(result.err, "cluster: n2: fence_ipmilan: Failed: You have to enter fence address\n");
}

TEST_F(HostPowerStory, WhatIsWrongIsRefused) {
  cluster({"set", "host", "power", "n1", "action=kill"}, 2,
          "action='kill': want on, off, cycle or status");
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"set", "host", "power", "v1", "action=off"}, 2,
          "'v1' is a VM: `cluster stop host vm v1`, `cluster start host vm v1`");
  cluster({"set", "attr", "fence", "fence_ipmilan ip=a password=sesame"}, 2,
          "fence: a secret belongs into a file that only its owner reads: want "
          "password_file=PATH in place of 'password'");
  EXPECT_THAT(dump(), Not(HasSubstr("sesame")));
}

}  // namespace
}  // namespace cluster
