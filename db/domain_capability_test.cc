// Tests what hosts told of the domains that they can have.

#include <gtest/gtest.h>

#include "db/inventory.h"

namespace cluster {
namespace {

TEST(DomainCapability, IsStoredReplacedAndGoesWithItsHost) {
  Inventory inventory(":memory:", Inventory::Open::create);
  const HostName n1("n1");
  inventory.add_host({n1, "vm-container", {}, {}, {}, {}, {}, {}});
  EXPECT_TRUE(inventory.known_machines().empty());
  inventory.know_machine(n1, {"kvm x86_64 q35 ", 9000000, "disk/bus virtio\n"});
  inventory.know_machine(n1, {"qemu x86_64 pc ", 9000000, "disk/bus ide\n"});
  const KnownMachine later{"kvm x86_64 q35 ", 11003000, "disk/bus virtio sata\n"};
  inventory.know_machine(n1, later);
  const auto all = inventory.known_machines();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.begin()->second, later);
  EXPECT_TRUE(inventory.known_machines(OnlyHosts{std::vector{HostName("n2")}}).empty());
  inventory.remove_hosts({n1});
  inventory.know_machine(n1, later);  // a host that was removed meanwhile
  EXPECT_TRUE(inventory.known_machines().empty());
}

}  // namespace
}  // namespace cluster
