// The agents of hosts: what is stored, and what goes with a host.

#include "db/host_agent.h"

#include <gmock/gmock.h>

#include "db/inventory.h"

namespace cluster {
namespace {

using ::testing::IsEmpty;

TEST(HostAgents, AreWhatWasToldLast) {
  Inventory inventory{":memory:", Inventory::Open::create};
  const HostName n1{"n1"};
  inventory.add_host({n1, "vm-container", {}, {}, {}, {}, {}, {}});
  EXPECT_THAT(inventory.host_agents(), IsEmpty());
  const HostAgent old{"0.9", "2026-11-21T01:20:00Z", "/usr/local/bin/gpupci", std::string(64, 'a')};
  const HostAgent none{{}, "2026-11-22T01:20:00Z", "/usr/local/bin/gpupci", {}};
  inventory.store_host_agents({{n1, old}, {HostName("gone"), old}});
  EXPECT_EQ(inventory.host_agents(), (std::map<HostName, HostAgent>{{n1, old}}));
  inventory.store_host_agents({{n1, none}});
  EXPECT_EQ(inventory.host_agents().at(n1), none);
  inventory.remove_hosts({n1});
  EXPECT_THAT(inventory.host_agents(), IsEmpty());
}

}  // namespace
}  // namespace cluster
