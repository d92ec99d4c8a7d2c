#include <gtest/gtest.h>

#include "core/error.h"
#include "db/inventory.h"

namespace cluster {
namespace {

const HostName kOwner("v1");
const HostName kNeighbour("v2");

class Interfaces : public ::testing::Test {
 protected:
  void SetUp() override {
    const HostName container("n1");
    inventory.add_host({container, "vm-container", {}, {}, {}, {}, {}, {}});
    inventory.add_vm({kOwner, container, "u1", 1024, 1, {}, {}});
    inventory.add_vm({kNeighbour, container, "u2", 1024, 1, {}, {}});
  }

  std::vector<Interface> of(const HostName& vm) { return inventory.require_vm(vm).interfaces; }

  Inventory inventory{":memory:", Inventory::Open::create};
};

TEST_F(Interfaces, AreStoredByNameAndGoWithTheirVm) {
  const auto mac = MacAddress::parse("52:54:00:00:00:10");
  inventory.add_interface(kOwner, {"eth10", InterfaceKind::direct, "eno1", mac, "e1000e", {}});
  inventory.add_interface(kOwner, {"eth2", InterfaceKind::ovs, "br-int", {}, "virtio", 42});
  const auto interfaces = of(kOwner);
  ASSERT_EQ(interfaces.size(), 2U);
  EXPECT_EQ(interfaces[0].name, "eth2");
  EXPECT_EQ(interfaces[0].kind, InterfaceKind::ovs);
  EXPECT_EQ(interfaces[0].source, "br-int");
  EXPECT_EQ(interfaces[0].mac, MacAddress::made_of("u1", "eth2", 0));
  EXPECT_EQ(interfaces[0].vlan, 42);
  EXPECT_EQ(interfaces[1].mac, mac);
  EXPECT_EQ(interfaces[1].model, "e1000e");
  inventory.remove_interface(kOwner, "eth2");
  EXPECT_EQ(of(kOwner).size(), 1U);
  inventory.remove_vm(kOwner);
  inventory.add_interface(kNeighbour, {"eth0", InterfaceKind::bridge, "br0", mac});
}

TEST_F(Interfaces, AMadeAddressThatIsTakenGivesWay) {
  const auto first = MacAddress::made_of("u1", "eth0", 0);
  inventory.add_interface(kNeighbour, {"eth0", InterfaceKind::bridge, "br0", first});
  inventory.add_interface(kOwner, {"eth0", InterfaceKind::bridge, "br0", {}});
  EXPECT_EQ(of(kOwner)[0].mac, MacAddress::made_of("u1", "eth0", 1));
  inventory.remove_vm(kNeighbour);
  inventory.set_interface(kOwner, of(kOwner)[0]);  // what a guest has it keeps
  EXPECT_EQ(of(kOwner)[0].mac, MacAddress::made_of("u1", "eth0", 1));
  inventory.set_interface(kOwner, {"eth0", InterfaceKind::bridge, "br0", {}});
  EXPECT_EQ(of(kOwner)[0].mac, first);
}

TEST_F(Interfaces, RefusesWhatIsTakenOrNotThere) {
  const auto mac = MacAddress::parse("52:54:00:00:00:10");
  inventory.add_interface(kNeighbour, {"eth0", InterfaceKind::bridge, "br0", mac});
  inventory.add_interface(kOwner, {"eth0", InterfaceKind::bridge, "br0", {}});
  const auto says = [&](const std::string& error, auto deed) {
    try {
      deed();
      ADD_FAILURE() << "was done";
    } catch (const Error& thrown) {
      EXPECT_EQ(thrown.what(), error);
    }
  };
  says("MAC address 52:54:00:00:00:10 is that of eth0 of VM 'v2'", [&] {
    inventory.add_interface(kOwner, {"eth1", InterfaceKind::bridge, "br0", mac});
  });
  says("MAC address 52:54:00:00:00:10 is that of eth0 of VM 'v2'", [&] {
    inventory.set_interface(kOwner, {"eth0", InterfaceKind::bridge, "br0", mac});
  });
  says("VM 'v1' has an interface 'eth0' already (`cluster set host interface` changes it)", [&] {
    inventory.add_interface(kOwner, {"eth0", InterfaceKind::bridge, "br0", {}});
  });
  says("VM 'v1' has no interface 'eth1' (it has eth0)", [&] {
    inventory.set_interface(kOwner, {"eth1", InterfaceKind::bridge, "br0", {}});
  });
  says("VM 'v1' has no interface 'eth1' (it has eth0)",
       [&] { inventory.remove_interface(kOwner, "eth1"); });
  says("VM 'n1' is not in the inventory", [&] {
    inventory.add_interface(HostName("n1"), {"eth0", InterfaceKind::bridge, "br0", {}});
  });
}

}  // namespace
}  // namespace cluster
