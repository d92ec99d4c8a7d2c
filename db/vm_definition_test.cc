// Tests what was agreed about VMs at their last define.

#include <gtest/gtest.h>

#include "db/inventory.h"

namespace cluster {
namespace {

class VmDefinition : public ::testing::Test {
 protected:
  VmDefinition() {
    inventory.add_host({HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}});
    for (const char* name : {"v1", "v2"}) {
      inventory.add_vm(
          {HostName(name), HostName("n1"), std::string("uuid-") + name, 1024, 1, {}, {}});
    }
  }

  Inventory inventory{":memory:", Inventory::Open::create};
  const HostName v1{"v1"};
  const VmAgreement agreement{"uuid-v1", HostName("n1"), "<a/>", "<b/>", 9000000};
};

TEST_F(VmDefinition, IsStoredAndReplaced) {
  EXPECT_TRUE(inventory.vm_agreements().empty());
  inventory.agree(v1, agreement);
  EXPECT_EQ(inventory.vm_agreements().at(v1), agreement);
  auto other = agreement;
  other.defined = "<c/>";
  other.libvirt = 11003000;
  inventory.agree(v1, other);
  EXPECT_EQ(inventory.vm_agreements().at(v1), other);
  EXPECT_EQ(inventory.vm_agreements(OnlyHosts{std::vector{HostName("v2")}}).size(), 0U);
}

TEST_F(VmDefinition, KnowsWhoStartsWithItsContainer) {
  inventory.agree_autostart(v1, {true, false});  // nothing is agreed
  EXPECT_TRUE(inventory.vm_agreements().empty());
  inventory.agree(v1, agreement);
  EXPECT_EQ(inventory.vm_agreements().at(v1).autostart, std::nullopt);
  inventory.agree_autostart(v1, {true, false});
  inventory.agree(v1, agreement);
  EXPECT_EQ(inventory.vm_agreements().at(v1).autostart, (VmAutostart{true, false}));
}

TEST_F(VmDefinition, GoesWithItsVm) {
  inventory.agree(v1, agreement);
  inventory.remove_vm(v1);
  EXPECT_TRUE(inventory.vm_agreements().empty());
  inventory.agree(v1, agreement);  // a VM that was removed meanwhile
  EXPECT_TRUE(inventory.vm_agreements().empty());
}

}  // namespace
}  // namespace cluster
