// Lines for genders, which has no quotes: what fits stands there, all else is in a comment.

#include <gmock/gmock.h>

#include "frontend/fleet/fleet_format.h"
#include "frontend/hosts/group_files.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

std::string genders_with(const std::map<std::string, std::string>& attributes) {
  FleetHost host{small_host("n1")};
  host.attributes = attributes;
  return fleet_as_genders(fleet_with(host)).text;
}

TEST(FleetForGenders, IsReadBackAsGroups) {
  for (const std::string value : {"x", "a:b/c", "-1", "'q'", "\"q\"", "[1-2]", "Grüße", "\\"}) {
    const auto groups = genders_groups(genders_with({{"k", value}, {"groups", "gpu,new one"}}));
    for (const auto& group : {"vm-container", "k", "gpu", "new", "one"}) {
      ASSERT_TRUE(groups.contains(group)) << group;
      EXPECT_THAT(groups.at(group), ElementsAre("n1")) << group;
    }
    EXPECT_TRUE(groups.contains("k=" + value)) << value;
    EXPECT_EQ(groups.size(), 6U);
  }
}

TEST(FleetForGenders, LeavesOutWhatWouldNeedQuotes) {
  for (const std::string value : {"a b", "a\tb", "a,b", "a=b", "a#b", "a\nb", " ", "\x7f"}) {
    EXPECT_EQ(genders_with({{"k", value}}),
              "# left out: k, which has a blank, ',', '=' or '#', of n1\nn1 vm-container\n")
        << value;
  }
}

TEST(FleetForGenders, DoublesAPercentSignThatWouldBeTheNameOfTheNode) {
  EXPECT_EQ(genders_with({{"k", "%n%%"}}), "n1 vm-container,k=%%n%%%%\n");
}

TEST(FleetForGenders, HasAnAttributeWithoutAValueWhenThatIsEmpty) {
  EXPECT_EQ(genders_with({{"k", ""}}), "n1 vm-container,k\n");
}

TEST(FleetForGenders, HasEachAttributeOfANodeOnce) {
  FleetHost host{small_host("n1")};
  host.host.rack = 1;
  host.host.maintenance = "a fan";
  host.attributes = {{"rack", "9"}, {"vm-container", "x"}, {"groups", "gpu,gpu,maintenance"}};
  EXPECT_EQ(fleet_as_genders(fleet_with(host)).text,
            "# left out: a second gpu of n1\n# left out: a second maintenance of n1\n"
            "# left out: a second rack of n1\n# left out: a second vm-container of n1\n"
            "n1 vm-container,rack=1,maintenance,gpu\n");
}

TEST(FleetForGenders, HasNoNodeWithADomain) {
  EXPECT_EQ(fleet_as_genders(fleet_with({small_host("n1.example.org")})).text,
            "# left out: n1.example.org: genders wants names of 64 letters at most, without a "
            "domain\n");
}

TEST(FleetForGenders, CountsTheGpusThatAreThere) {
  FleetHost host{small_host("n1")};
  host.cards = {small_card(1), small_card(2), small_card(3, "26b9", "AD102GL [L40S]"),
                small_card(4), small_card(5)};
  host.cards[3].card.missing = true;
  host.cards[4].kind = DeviceKind::nvme;
  EXPECT_EQ(fleet_as_genders(fleet_with(host)).text,
            "n1 vm-container,gpus=3,gpu_a100=2,gpu_l40s=1\n");
}

TEST(FleetForGenders, CountsForAVmWhatItHoldsOfAHostThatIsNotMeant) {
  FleetHost host{small_host("n1")};
  host.meant = false;
  host.cards = {small_card(1), small_card(2)};
  auto vm = small_vm("v1", "n1");
  give(vm, host.cards[1], 0);
  auto fleet = fleet_with(host);
  fleet.vms = {vm};
  EXPECT_EQ(fleet_as_genders(fleet).text, "v1 vm,host=n1,gpus=1,gpu_a100=1\n");
}

}  // namespace
}  // namespace cluster::frontend
