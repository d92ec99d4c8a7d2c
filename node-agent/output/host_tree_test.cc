#include "node-agent/output/host_tree.h"

#include <gmock/gmock.h>

#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace cluster::agent
