#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "db/inventory.h"

// Tests the messages, and their faults, for deeds that the schema refuses. The text depends on the
// constraint that refused.
namespace cluster {
namespace {

constexpr const char* kFirstUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
constexpr const char* kSecondUuid = "c2177883-f1bb-47f0-914d-32a22e3a8805";

Host host(const char* name, const char* appliance = "vm-container") {
  return {HostName(name), appliance, {}, {}, {}, {}, {}, {}};
}

Vm vm(const char* name, const char* container, const char* uuid) {
  return {HostName(name), HostName(container), uuid, 1024, 1, {}, {}};
}

// n1 has gpupci1 and gpupci2, n2 has no card. v1 on n1 holds gpupci1 as gpupci, v2 on n1 holds
// nothing.
class Refusals : public ::testing::Test {
 protected:
  Refusals() {
    inventory.add_host(host("n1"));
    inventory.add_host(host("n2"));
    inventory.add_gpu({HostName("n1"), GpuName("gpupci1"), {0, 2, 0, 0}});
    inventory.add_gpu({HostName("n1"), GpuName("gpupci2"), {0, 3, 0, 0}});
    inventory.add_vm(vm("v1", "n1", kFirstUuid));
    inventory.add_vm(vm("v2", "n1", kSecondUuid));
    inventory.assign_gpu(HostName("v1"), GpuName("gpupci"), PciAddress{0, 2, 0, 0});
  }

  void refuses(Fault fault, const std::string& words, const std::function<void()>& deed) {
    try {
      deed();
      ADD_FAILURE() << "was done; want: " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), words);
      EXPECT_EQ(error.fault(), fault) << words;
    }
    // The same happens as a part of more: the rest is not kept either.
    EXPECT_THROW(inventory.together("more",
                                    [&] {
                                      inventory.add_host(host("more"));
                                      deed();
                                    }),
                 Error)
        << words;
    EXPECT_FALSE(inventory.find_host(HostName("more"))) << words;
  }

  Inventory inventory{":memory:", Inventory::Open::create};
};

TEST_F(Refusals, OfHosts) {
  auto wrong = host("n3");
  refuses(Fault::exists, "host 'n1' is in the inventory already",
          [&] { inventory.add_host(host("n1")); });
  refuses(Fault::exists, "host 'N1' differs from 'n1' in case only",
          [&] { inventory.add_host(host("N1")); });
  refuses(Fault::usage, "no appliance 'toaster' (want one of compute, frontend, vm, vm-container)",
          [&] { inventory.add_host(host("n3", "toaster")); });
  auto n1 = host("n1");
  n1.address = "10.0.0.1";
  inventory.set_hosts({n1});
  wrong.address = n1.address;
  refuses(Fault::exists, "address '10.0.0.1' port 22 is that of host 'n1'",
          [&] { inventory.add_host(wrong); });
  auto n2 = host("n2");
  n1.address = n2.address = "10.0.0.2";
  refuses(Fault::exists, "address '10.0.0.2' port 22 is that of host 'n1'", [&] {
    inventory.set_hosts({n1, n2});
  });
  refuses(Fault::not_found, "host 'n3' is not in the inventory",
          [&] { inventory.set_hosts({host("n3")}); });
  refuses(Fault::refused, "host 'v1' is a VM and stays one",
          [&] { inventory.set_hosts({host("v1", "compute")}); });
  refuses(Fault::refused, "set host: a host with cards or VMs of its own is no VM",
          [&] { inventory.set_hosts({host("n1", "vm")}); });
  refuses(Fault::refused, "host 'v1' is a VM: `cluster remove host vm v1`",
          [&] { inventory.remove_hosts({HostName("v1")}); });
  refuses(Fault::refused, "host 'n1' still has VMs (v1 with gpupci1, v2): remove them first", [&] {
    inventory.remove_hosts({HostName("n2"), HostName("n1")});
  });
  EXPECT_TRUE(inventory.find_host(HostName("n2"))) << "of several none is removed";
  wrong = host("n3");
  wrong.rack = -1;
  refuses(Fault::usage, "add host: CHECK constraint failed: rack >= 0",
          [&] { inventory.add_host(wrong); });
}

TEST_F(Refusals, OfCards) {
  const auto add = [&](const char* on, const char* name, const PciAddress& pci) {
    return [=, this] { inventory.add_gpu({HostName(on), GpuName(name), pci}); };
  };
  refuses(Fault::not_found, "host 'n9' is not in the inventory",
          add("n9", "gpupci1", {0, 2, 0, 0}));
  refuses(Fault::exists, "card pci_0000_02_00_1 of host 'n1' is gpupci1 already",
          add("n1", "gpupci9", {0, 2, 0, 1}));
  refuses(Fault::exists,
          "host 'n1' has a gpupci1 already, pci_0000_02_00_0 (`cluster set host gpu` changes it)",
          add("n1", "gpupci1", {0, 9, 0, 0}));
  refuses(Fault::exists,
          "host 'n1' has a gpupci1 already, pci_0000_02_00_0 (`cluster set host gpu` changes it)",
          add("n1", "gpupci1", {0, 2, 0, 0}));
  refuses(Fault::usage,
          "not a card name for host 'n1': 'gpupci' is a VM's (want gpupci1, gpupci2, ...)",
          add("n1", "gpupci", {0, 9, 0, 0}));
  inventory.add_host(host("v9", "vm"));
  refuses(Fault::usage, "host 'v9' is a VM without a container: `cluster add host vm`",
          add("v9", "gpupci1", {0, 9, 0, 0}));
  refuses(Fault::exists, "card pci_0000_03_00_0 of host 'n1' is gpupci2 already", [&] {
    inventory.set_gpu({HostName("n1"), GpuName("gpupci1"), {0, 3, 0, 0}});
  });
  refuses(Fault::not_found,
          "host 'n1' has no card gpupci9 in the inventory (it has gpupci1 pci_0000_02_00_0, "
          "gpupci2 pci_0000_03_00_0)",
          [&] {
            inventory.set_gpu({HostName("n1"), GpuName("gpupci9"), {0, 9, 0, 0}});
          });
  refuses(Fault::refused,
          "card gpupci1 of host 'n1' is in VM 'v1': first `cluster remove host gpu v1 gpupci`",
          [&] { inventory.remove_gpu(HostName("n1"), GpuName("gpupci1")); });
  refuses(Fault::not_found,
          "host 'n2' has no card gpupci1 in the inventory (it has none: `cluster add host gpu`)",
          [&] { inventory.remove_gpu(HostName("n2"), GpuName("gpupci1")); });
  refuses(Fault::refused,
          "the cards of host 'n1' cannot be stored: a VM holds one that would go, or two would "
          "have one name, slot or address",
          [&] { inventory.store_gpu_cards(HostName("n1"), {}); });
  EXPECT_EQ(inventory.gpu_cards(HostName("n1")).size(), 2U);
}

TEST_F(Refusals, OfVms) {
  refuses(Fault::not_found, "host 'n9' is not in the inventory",
          [&] { inventory.add_vm(vm("v3", "n9", "u3")); });
  refuses(Fault::usage, "host 'v1' is a VM: want a physical host to run 'v3'",
          [&] { inventory.add_vm(vm("v3", "v1", "u3")); });
  refuses(Fault::exists, "VM 'v1' is in the inventory already, on 'n1'",
          [&] { inventory.add_vm(vm("v1", "n2", "u3")); });
  refuses(Fault::exists, "uuid " + std::string(kFirstUuid) + " is that of VM 'v1'",
          [&] { inventory.add_vm(vm("v3", "n1", kFirstUuid)); });
  refuses(Fault::exists, "host 'n2' is in the inventory already, with appliance vm-container",
          [&] { inventory.add_vm(vm("n2", "n1", "u3")); });
  refuses(Fault::exists, "host 'V1' differs from 'v1' in case only",
          [&] { inventory.add_vm(vm("V1", "n1", "u3")); });
  refuses(Fault::refused, "VM 'v1' holds a card of host 'n1'",
          [&] { inventory.move_vm(HostName("v1"), HostName("n2")); });
  refuses(Fault::not_found, "host 'n9' is not in the inventory",
          [&] { inventory.move_vm(HostName("v2"), HostName("n9")); });
  refuses(Fault::usage, "host 'v1' is a VM: want a physical host to run 'v2'",
          [&] { inventory.move_vm(HostName("v2"), HostName("v1")); });
  refuses(Fault::refused,
          "VM 'v1' still holds gpupci1 of host 'n1': first `cluster remove host gpu v1 gpupci`",
          [&] { inventory.remove_vm(HostName("v1")); });
  refuses(Fault::not_found, "VM 'n1' is not in the inventory",
          [&] { inventory.remove_vm(HostName("n1")); });
}

TEST_F(Refusals, OfCardsInVms) {
  const HostName v2("v2");
  refuses(Fault::exists, "card gpupci1 of host 'n1' is in VM 'v1' already, as gpupci", [&] {
    inventory.assign_gpu(v2, GpuName("gpupci"), PciAddress{0, 2, 0, 0});
  });
  refuses(Fault::exists,
          "slice gpupci1.0 of host 'n1' cannot be given: card gpupci1 is in VM 'v1', as gpupci",
          [&] {
            inventory.assign_gpu(v2, GpuName("gpupci"), SliceName{GpuName("gpupci1"), 0});
          });
  refuses(Fault::exists, "VM 'v1' has a gpupci already, gpupci1 of host 'n1'", [&] {
    inventory.assign_gpu(HostName("v1"), GpuName("gpupci"), SliceName{GpuName("gpupci2"), {}});
  });
  refuses(Fault::not_found, "VM 'v2' has no card gpupci1",
          [&] { inventory.unassign_gpu(v2, GpuName("gpupci1")); });
  inventory.store_gpu_cards(HostName("n2"), {{}, {}, std::vector<Mdev>{{kFirstUuid, "mtty", "t"}}});
  refuses(Fault::refused,
          "mediated device " + std::string(kFirstUuid) + " is of host 'n2', not of 'n1'",
          [&] { inventory.assign_gpu(v2, GpuName("gpupci"), MdevRef{kFirstUuid}); });
}

TEST_F(Refusals, OfInterfaces) {
  const HostName v1("v1");
  const HostName v2("v2");
  const auto mac = MacAddress::parse("52:54:00:00:00:01");
  inventory.add_interface(v1, {"eth0", InterfaceKind::bridge, "br0", mac});
  refuses(Fault::exists,
          "VM 'v1' has an interface 'eth0' already (`cluster set host interface` changes it)", [&] {
            inventory.add_interface(v1, {"eth0", InterfaceKind::bridge, "br0", {}});
          });
  refuses(Fault::exists,
          "VM 'v1' has an interface 'eth0' already (`cluster set host interface` changes it)", [&] {
            inventory.add_interface(v1, {"eth0", InterfaceKind::bridge, "br0", mac});
          });
  refuses(Fault::exists, "MAC address 52:54:00:00:00:01 is that of eth0 of VM 'v1'", [&] {
    inventory.add_interface(v2, {"eth0", InterfaceKind::bridge, "br0", mac});
  });
  inventory.add_interface(v2, {"eth0", InterfaceKind::bridge, "br0", {}});
  refuses(Fault::exists, "MAC address 52:54:00:00:00:01 is that of eth0 of VM 'v1'", [&] {
    inventory.set_interface(v2, {"eth0", InterfaceKind::bridge, "br0", mac});
  });
}

TEST_F(Refusals, OfAttributes) {
  const Attribute global{{}, {}, "a", "1"};
  inventory.add_attributes({global});
  refuses(Fault::exists,
          "the cluster has an attribute 'a' already, '1' (`cluster set attr` changes it)",
          [&] { inventory.add_attributes({global}); });
  refuses(Fault::usage,
          "not an attribute name: 'a b' (want letters, digits, '_', '-' and '.': vm_machine)", [&] {
            inventory.set_attributes({{{}, {}, "a b", "1"}});
          });
  refuses(Fault::usage, "no appliance 'toaster' (want one of compute, frontend, vm, vm-container)",
          [&] {
            inventory.add_attributes({{"toaster", {}, "a", "1"}});
          });
  refuses(Fault::not_found, "host 'n9' is not in the inventory", [&] {
    inventory.add_attributes({{{}, HostName("n9"), "a", "1"}});
  });
  refuses(Fault::not_found, "the cluster has no attribute 'b' (did you mean 'a'?)", [&] {
    inventory.remove_attributes({{{}, {}, "b", ""}});
  });
}

TEST_F(Refusals, OfRolls) {
  const StoredRoll roll{"r", "1.0", "any", false, std::string(64, '0')};
  inventory.add_roll(roll);
  refuses(Fault::exists,
          "roll 'r' 1.0 is there already (`cluster remove roll` first, or give this one another "
          "version)",
          [&] { inventory.add_roll(roll); });
  inventory.enable_roll("r", "1.0");
  refuses(Fault::refused, "roll 'r' 1.0 is enabled: first `cluster disable roll r`",
          [&] { inventory.remove_roll("r", "1.0"); });
  refuses(Fault::not_found, "roll 'r' 2.0 is not in the inventory",
          [&] { inventory.enable_roll("r", "2.0"); });
  EXPECT_TRUE(inventory.rolls()[0].enabled) << "the other version stays enabled";
}

}  // namespace
}  // namespace cluster
