// The facts that the inventory has learnt of a host decide whether a VM could work there. gpupci
// itself answers, on a host made of files.

#include <gmock/gmock.h>

#include "tests/support/sliced_host.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

// v1 has gpupci1, a card with BARs of 16 GiB.
class VmGates : public SlicedStory {
 protected:
  void SetUp() override {
    SlicedStory::SetUp();
    host.cut(0);
    host.set("0000:01:00.0", "resource",
             "0x0000004000000000 0x00000043ffffffff 0x000000000014220c\n");
    discover();
    cluster({"add", "host", "gpu", "v1", "gpupci1", "gpupci1"});
    cluster({"add", "attr", "vm_firmware", "efi"});
  }

  void takes() { EXPECT_THAT(cluster({"report", "vm", "config", "v1"}), HasSubstr("<hostdev")); }

  void refuses(const std::string& why) {
    EXPECT_EQ(cluster({"report", "vm", "config", "v1"}, 1, "VM 'v1': " + why), "");
    cluster({"sync", "vm", "config", "v1"}, 1, "v1: VM 'v1': " + why);
    EXPECT_TRUE(domains.hosts["n1"].done.empty());
  }
};

TEST_F(VmGates, BarsAreHeldAgainstTheAddressBitsOfTheContainer) {
  takes();
  cluster({"add", "host", "attr", "n1", "vm_host_address_bits", "39"});
  takes();
  host.set("0000:01:00.0", "resource",
           "0x0000004000000000 0x00000047ffffffff 0x000000000014220c\n");
  discover();
  const std::string why =
      "V3: the firmware has no place for the BARs of 'gpupci1': a guest of 39 address bits has 32 "
      "GiB for them, and each card starts at a multiple of its biggest BAR: ";
  refuses(why +
          "take a card out, or say a wider window in attribute vm_xml_domain: "
          "<qemu:commandline><qemu:arg value='-fw_cfg'/><qemu:arg "
          "value='name=opt/ovmf/X-PciMmio64Mb,string=131072'/></qemu:commandline>");
  cluster({"add", "host", "attr", "v1", "vm_maxphysaddr", "39"});
  cluster({"set", "host", "attr", "n1", "vm_host_address_bits", "46"});
  refuses(why +
          "attribute vm_maxphysaddr 40 or more, or vm_maxphysaddr passthrough with vm_cpu_mode "
          "host-passthrough");
  cluster({"set", "host", "attr", "v1", "vm_maxphysaddr", "40"});
  takes();
}

TEST_F(VmGates, BigBarsWantQ35AndUefi) {
  cluster({"add", "attr", "vm_machine", "pc"});
  refuses(
      "V12: 'gpupci1' has BARs of 16 GiB, and the VM has machine 'pc': machine q35 with firmware "
      "efi");
  cluster({"remove", "attr", "vm_machine"});
  cluster({"remove", "attr", "vm_firmware"});
  cluster({"report", "vm", "config", "v1"}, 0,
          "VM 'v1': V12: 'gpupci1' has BARs of 16 GiB, and the VM boots with a BIOS: firmware efi");
  host.set("0000:01:00.0", "resource",
           "0x0000004000000000 0x000000400fffffff 0x000000000014220c\n");
  discover();
  takes();
}

TEST_F(VmGates, AnIommuGroupIsGivenAsAWhole) {
  host.add({"0000:03:00.0", "0302", "10de:26b9", "nvidia", 13});
  discover();
  refuses(
      "D4: 0000:03:00.0 is in the IOMMU group of 0000:01:00.0 and not in the VM: give the VM "
      "0000:03:00.0 as well, or move the card to a slot with a group of its own");
  cluster({"add", "host", "gpu", "v1", "gpupci2", "gpupci3"});
  takes();
}

TEST_F(VmGates, IommufdGoesWithoutPeerToPeer) {
  domains.hosts["n1"].version = 12002000;
  cluster({"add", "attr", "hostdev_iommufd", "yes"});
  cluster({"add", "attr", "gpudirect_clique", "0"});
  refuses(
      "V9: 'gpupci1' has iommufd together with a GPUDirect clique, and QEMU has no peer-to-peer "
      "DMA through iommufd: leave iommufd out");
  cluster({"set", "attr", "gpudirect_clique", ""});
  cluster({"add", "attr", "pci_switch", "yes"});
  refuses(
      "V9: 'gpupci1' has iommufd together with the switch for peer to peer, and QEMU has no "
      "peer-to-peer DMA through iommufd: leave iommufd out");
  cluster({"set", "attr", "hostdev_iommufd", "no"});
  takes();
}

TEST_F(VmGates, AVgpuAsTheScreenWantsGraphics) {
  const auto uuid = host.create();
  discover();
  cluster({"add", "host", "gpu", "v1", "gpupci2", uuid});
  cluster({"add", "attr", "mdev_display", "yes"});
  refuses(
      "V14: 'gpupci2' is to be the guest's screen, and the VM has no graphics: graphics vnc or "
      "spice, or no display");
  cluster({"add", "attr", "vm_graphics", "vnc"});
  takes();
}

}  // namespace
}  // namespace cluster
