// Tests what hosts said of the devices that domains of libvirt have without the inventory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "db/inventory.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kMdev = "00000000-0000-4000-8000-000000000001";

class DomainDevice : public ::testing::Test {
 protected:
  DomainDevice() {
    for (const auto& host : {n1, n2}) {
      inventory.add_host({host, "vm-container", {}, {}, {}, {}, {}, {}});
    }
    inventory.add_vm({v1, n1, "uuid-v1", 1024, 1, {}, {}});
    inventory.add_vm({v2, n1, "uuid-v2", 1024, 1, {}, {}});
    inventory.add_gpu({n1, GpuName("gpupci1"), {0, 2, 0, 0}});
    GpuCard card{GpuName("gpupci2"), {0, 3, 0, 0}, {}, {}, {}, {}, {}, false, {}};
    card.functions = {{{0, 3, 0, 0}, "0300", "10de", "1eb8", {}, {}, {}},
                      {{0, 3, 0, 1}, "0403", "10de", "10f8", {}, {}, {}}};
    GpuCard sliced{GpuName("gpupci3"), {0, 4, 0, 0}, {}, {}, {}, {}, {}, false, {}};
    sliced.functions = {{{0, 4, 0, 0}, "0302", "10de", "2235", {}, {}, {}}};
    sliced.slices = {{0, {0, 4, 0, 4}}, {1, {0, 4, 0, 5}}};
    auto cards = inventory.gpu_cards(n1);
    cards.push_back(card);
    cards.push_back(sliced);
    inventory.store_gpu_cards(n1, {cards, {}, std::vector<Mdev>{{kMdev, "gpupci1", "nvidia-1"}}});
  }

  void seen(const std::string& uuid, const std::string& device) {
    inventory.store_domain_devices({{n1, {{uuid, "dom", {device}, "2026-11-21T01:20:00Z"}}}});
  }

  // The reason why VM v1 cannot have it, "" when it can.
  std::string refusal(const CardRef& card) {
    std::string why;
    try {
      inventory.assign_gpu(v1, GpuName("gpupci"), card);
      inventory.unassign_gpu(v1, GpuName("gpupci"));
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused);
      why = error.what();
    }
    return why;
  }

  std::string refusal(const char* name) { return refusal(SliceName::parse(name)); }

  std::vector<std::string> free() {
    std::vector<std::string> names;
    for (const auto& one : inventory.free_gpus(n1)) names.push_back(one.name.str());
    return names;
  }

  Inventory inventory{":memory:", Inventory::Open::create};
  const HostName n1{"n1"}, n2{"n2"}, v1{"v1"}, v2{"v2"};
};

TEST_F(DomainDevice, IsStoredAndReplacedByHost) {
  EXPECT_TRUE(inventory.domain_devices().empty());
  const DomainDevices a{"u1", "Build Server", {"pci_0000_02_00_0", "pci_0000_02_00_1"}, "t1"};
  const DomainDevices b{"u2", "b", {kMdev}, "t1"};
  inventory.store_domain_devices({{n1, {a, b}}, {n2, {b}}, {HostName("gone"), {a}}});
  EXPECT_THAT(inventory.domain_devices().at(n1), ElementsAre(a, b));
  EXPECT_THAT(inventory.domain_devices(OnlyHosts{{n2}}).at(n2), ElementsAre(b));
  inventory.store_domain_devices({{n1, {}}});
  EXPECT_EQ(inventory.domain_devices().count(n1), 0U);
  inventory.remove_hosts({n2});
  EXPECT_TRUE(inventory.domain_devices().empty());
}

TEST_F(DomainDevice, IsNotGivenToAnother) {
  seen("stranger", "pci_0000_02_00_1");  // a card that was only typed: any function of its slot
  EXPECT_THAT(refusal("gpupci1"),
              HasSubstr("card gpupci1 of host 'n1' is in 'dom', a VM there that is not in the "
                        "inventory: take that in (`cluster discover host vm n1 import=yes`)"));
  EXPECT_EQ(refusal("gpupci2"), "");
  seen("stranger", "pci_0000_03_00_1");
  EXPECT_THAT(refusal("gpupci2"), HasSubstr("2026-11-21T01:20:00Z"));
  EXPECT_THAT(refusal(PciAddress{0, 3, 0, 0}), HasSubstr("'dom'"));
  EXPECT_THAT(free(), ::testing::Not(::testing::Contains("gpupci2")));
  seen("stranger", "pci_0000_09_00_1");
  EXPECT_EQ(refusal("gpupci2"), "");
  EXPECT_THAT(free(), ::testing::Contains("gpupci2"));
}

TEST_F(DomainDevice, ASliceLeavesTheOtherSlicesFree) {
  seen("stranger", "pci_0000_04_00_4");
  EXPECT_THAT(refusal("gpupci3.0"), HasSubstr("slice gpupci3.0 of host 'n1' is in 'dom'"));
  EXPECT_EQ(refusal("gpupci3.1"), "");
  EXPECT_THAT(refusal("gpupci3"), HasSubstr("'dom'"));
  seen("stranger", "pci_0000_04_00_0");
  EXPECT_THAT(refusal("gpupci3.1"), HasSubstr("'dom'"));
}

TEST_F(DomainDevice, AMediatedDeviceTakesItsCard) {
  seen("stranger", kMdev);
  EXPECT_THAT(refusal("gpupci1"), HasSubstr("'dom'"));
  EXPECT_THAT(refusal(MdevRef{kMdev}), HasSubstr("mediated device 00000000"));
  EXPECT_EQ(refusal(MdevRef{"00000000-0000-4000-8000-000000000002"}), "");
}

TEST_F(DomainDevice, IsGivenToTheVmThatHasIt) {
  seen("uuid-v1", "pci_0000_02_00_0");
  EXPECT_EQ(refusal("gpupci1"), "");
  seen("uuid-v2", "pci_0000_03_00_0");
  EXPECT_THAT(refusal("gpupci2"), HasSubstr("is in VM 'v2' by hand"));
}

TEST_F(DomainDevice, TheNameInLibvirtIsKept) {
  Vm vm{HostName("v3"), n1, "uuid-v3", 1024, 1, {}, {}};
  vm.libvirt_name = "Build Server";
  inventory.add_vm(vm);
  EXPECT_EQ(inventory.require_vm(vm.name).domain(), "Build Server");
  EXPECT_EQ(inventory.require_vm(v1).domain(), "v1");
}

}  // namespace
}  // namespace cluster
