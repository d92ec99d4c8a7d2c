// What is printed for Ansible is read back as what it was (frontend/neighbours), and its groups
// have names that Ansible takes.

#include <gmock/gmock.h>

#include <algorithm>

#include "frontend/fleet/fleet_format.h"
#include "tests/support/reading_lines.h"
#include "tests/support/small_fleet.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

std::vector<std::string> ansible_read_back(const Fleet& fleet) {
  return reading_lines(read_ansible, fleet_as_ansible(fleet).text);
}

TEST(FleetForAnsible, IsReadBackAsItWas) {
  FleetHost host{small_host("n1")};
  host.host.rack = 3;
  host.host.rank = 0;
  host.host.address = "10.0.0.1";
  host.host.port = 2222;
  host.host.user = "jo";
  host.host.sudo = false;
  host.host.jump = "you@gate:24,inner";
  host.attributes = {{"site", "x"}};
  auto fleet = fleet_with(host);
  fleet.vms = {small_vm("v1", "n1")};
  EXPECT_THAT(
      ansible_read_back(fleet),
      ElementsAre("add|host|n1|appliance=vm-container|address=10.0.0.1|jump=you@gate:24,inner|"
                  "port=2222|rack=3|rank=0|sudo=no|user=jo",
                  "add|host|vm|v1|n1", "add|host|attr|n1|site|x",
                  "add|host|attr|n1|groups|rack3,site_x,vm_container",
                  "add|host|attr|v1|groups|vm"));
}

// A key of YAML without quotes would be a truth, a number or nothing.
TEST(FleetForAnsible, KeepsNamesThatYamlHasOtherWordsFor) {
  Fleet fleet;
  std::vector<std::string> commands;
  for (const std::string name : {"0x10", "1", "1.5", "1e3", "no", "null", "true", "y"}) {
    fleet.hosts.push_back({small_host(name, "compute")});
    commands.push_back("add|host|" + name + "|appliance=compute");
  }
  auto lines = ansible_read_back(fleet);
  lines.resize(std::min(lines.size(), commands.size()));
  EXPECT_EQ(lines, commands);
}

// The groups of n1, and the comments on those that it has not.
std::vector<std::string> ansible_groups(const std::map<std::string, std::string>& attributes) {
  FleetHost host{small_host("n1")};
  host.attributes = attributes;
  const auto text = fleet_as_ansible(fleet_with(host)).text;
  std::vector<std::string> groups;
  for (const auto line : split(std::string_view(text).substr(text.find("  children:\n")), '\n')) {
    const bool is_group = line.starts_with("    \"") || line.starts_with("    #");
    if (is_group) groups.emplace_back(trim(line));
  }
  std::erase(groups, "\"vm_container\":");
  return groups;
}

TEST(FleetForAnsible, MakesIdentifiersOfTheNamesOfGroups) {
  EXPECT_THAT(ansible_groups({{"groups", "gpu-big, 1st a.b"}}),
              ElementsAre("\"_1st\":", "\"a_b\":", "\"gpu_big\":"));
  EXPECT_THAT(ansible_groups({{"gpu-class", "1.5"}, {"_x", "-"}}),
              ElementsAre("\"_x__\":", "\"gpu_class_1_5\":"));
}

TEST(FleetForAnsible, MakesNoGroupsOfValuesThatAreNoWords) {
  for (const auto& value :
       std::vector<std::string>{"", "two words", "a,b", "a/b", "ü", "\n", std::string(65, 'x')}) {
    EXPECT_THAT(ansible_groups({{"note", value}}), ElementsAre()) << value;
  }
  EXPECT_THAT(ansible_groups({{"note", std::string(64, 'x')}}),
              ElementsAre("\"note_" + std::string(64, 'x') + "\":"));
}

TEST(FleetForAnsible, MakesNoGroupOfAHostsOwnNameOrOfAnsibles) {
  EXPECT_THAT(ansible_groups({{"groups", "n1,all,ungrouped"}}),
              ElementsAre(EndsWith("@all: its name is that of something else"),
                          EndsWith("@n1: its name is that of something else"),
                          EndsWith("@ungrouped: its name is that of something else")));
}

TEST(FleetForAnsible, HasCardsThatAVmHoldsWithTheFactsOfTheHost) {
  FleetHost host{small_host("n1")};
  host.cards = {small_card(1), small_card(2)};
  host.cards[1].card.serial = "0123";
  auto vm = small_vm("v1", "n1");
  give(vm, host.cards[1], 5);
  auto fleet = fleet_with(host);
  fleet.vms = {vm};
  const auto text = fleet_as_ansible(fleet).text;
  EXPECT_NE(text.find("        - name: gpupci1\n          device: \"gpupci2\"\n"
                      "          pci_bus: \"0000:05:00.0\"\n          model: \"GA100 [A100]\"\n"
                      "          id: \"10de:20f1\"\n          serial: \"0123\"\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace cluster::frontend
