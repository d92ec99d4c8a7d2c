#include "node-agent/kernel/device_tree.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

const PciAddress kFunction{0, 2, 0, 0};

class Tree : public ::testing::Test {
 protected:
  void add(const std::string& device_class, const std::string& driver) {
    fake_.add({"0000:02:00.0", device_class, "8086:100e", driver, 13});
  }
  fs::path device() const { return fake_.sysfs().device_path(kFunction); }

  void add_disk(const fs::path& folder) {
    replace_file(folder / "dev", "8:0\n");
    fs::create_symlink("/sys/class/block", folder / "subsystem");
  }
  void bind(const fs::path& folder, const std::string& driver) {
    fs::create_directories(folder);
    fs::create_symlink("/sys/bus/usb/drivers/" + driver, folder / "driver");
  }

  // The last words of the paths.
  static std::vector<std::string> names(const std::vector<fs::path>& paths) {
    std::vector<std::string> all;
    for (const auto& path : paths) all.push_back(path.filename().native());
    return all;
  }
  DeviceTree tree() const { return device_tree(fake_.sysfs(), kFunction); }

  FakeSysfs fake_;
};

TEST_F(Tree, HasTheInterfacesOfEveryBus) {
  add("0c03", "xhci_hcd");
  for (const auto* place :
       {"usb2/2-1/2-1.4/2-1.4:2.0/net/usb0", "virtio3/net/eth5", "mlx5_core.sf.2/net/sf0",
        "domain0/0-0/0-1/0-1.0/net/thunderbolt0", "net/eth1", "platform.5/deep/er/net/eth9"}) {
    replace_file(device() / place / "flags", "0x1003\n");
  }
  EXPECT_THAT(names(tree().interfaces),
              UnorderedElementsAre("usb0", "eth5", "sf0", "thunderbolt0", "eth1", "eth9"));
  EXPECT_THAT(tree().disks, IsEmpty());
  EXPECT_THAT(tree().without_interface, IsEmpty());
}

TEST_F(Tree, HasTheDisksOfEveryBus) {
  add("0c03", "xhci_hcd");
  const auto stick = device() / "usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb";
  add_disk(stick);
  add_disk(stick / "sdb1");
  add_disk(device() / "ata3/host2/target2:0:0/2:0:0:0/block/sda");
  add_disk(device() / "virtio1/block/vda");
  add_disk(device() / "mmc_host/mmc0/mmc0:0001/block/mmcblk0");
  replace_file(device() / "usb1/1-2/1-2:1.0/tty/ttyACM0/dev", "166:0\n");
  EXPECT_THAT(names(tree().disks), UnorderedElementsAre("sdb", "sdb1", "sda", "vda", "mmcblk0"));
}

TEST_F(Tree, EndsAtAnotherFunction) {
  add("0604", "pcieport");
  add_disk(device() / "0000:03:00.0/nvme/nvme0/nvme0n1");
  replace_file(device() / "0000:04:00.0/net/eth1/flags", "0x1003\n");
  EXPECT_THAT(tree().disks, IsEmpty());
  EXPECT_THAT(tree().interfaces, IsEmpty());
}

TEST_F(Tree, GoesOnWhereTheFunctionMakesABusOfItsOwn) {
  add("0104", "vmd");
  const auto domain = device() / "pci10000:e0";
  add_disk(domain / "10000:e0:1d.0/10000:e1:00.0/nvme/nvme0/nvme0n1");
  EXPECT_THAT(names(tree().disks), ElementsAre("nvme0n1"));
}

TEST_F(Tree, HasTheDiskOfAPathOnce) {
  add("0108", "nvme");
  fs::create_directories(device() / "nvme/nvme0/nvme0c0n1");
  fs::create_directories(device() / "nvme/nvme1/nvme0c1n1");
  add_disk(fake_.root() / "class/block/nvme0n1");
  add_disk(fake_.root() / "class/block/nvme0n1/nvme0n1p1");
  EXPECT_THAT(names(tree().disks), UnorderedElementsAre("nvme0n1", "nvme0n1p1"));
}

TEST_F(Tree, NamesTheNetworkDriverThatShowsNoInterface) {
  add("0200", "e1000");
  EXPECT_THAT(names(tree().without_interface), ElementsAre("0000:02:00.0"));
  fs::create_directories(device() / "net/eth1");
  EXPECT_THAT(tree().without_interface, IsEmpty());
}

TEST_F(Tree, NamesTheUsbDeviceThatShowsNoInterface) {
  add("0c03", "xhci_hcd");
  bind(device() / "usb2/2-1/2-1:2.0", "cdc_ether");
  bind(device() / "usb2/2-1/2-1:2.1", "cdc_ether");
  bind(device() / "usb2/2-3/2-3:1.0", "usbhid");
  EXPECT_THAT(names(tree().without_interface), ElementsAre(StartsWith("2-1:2.")));
  fs::create_directories(device() / "usb2/2-1/2-1:2.0/net/usb0");
  EXPECT_THAT(tree().without_interface, IsEmpty());
}

TEST_F(Tree, KnowsCardsThatNeedNoInterface) {
  add("0207", "mlx5_core");
  fs::create_directories(device() / "infiniband/mlx5_0");
  EXPECT_THAT(tree().without_interface, IsEmpty());
  fs::remove_all(device() / "infiniband");
  fs::remove(device() / "driver");
  EXPECT_THAT(tree().without_interface, IsEmpty());
}

// The disks of NVMe over Fibre Channel lie below no adapter.
TEST_F(Tree, HasTheDisksThatComeOverItsPortOfFibreChannel) {
  add("0c04", "lpfc");
  replace_file(device() / "host7/fc_host/host7/port_name", "0x10000090fa000001\n");
  const auto controllers = fake_.root() / "devices/virtual/nvme-fabrics/ctl";
  const auto add_controller = [&](const std::string& name, const std::string& address) {
    replace_file(controllers / name / "address", address + "\n");
    fs::create_directories(fake_.root() / "class/nvme");
    fs::create_symlink(controllers / name, fake_.root() / "class/nvme" / name);
  };
  const std::string far = "traddr=nn-0x2:pn-0x3,host_traddr=nn-0x20000090fa000001:pn-0x1000";
  add_controller("nvme0", far + "0090fa000001");
  add_controller("nvme1", far + "0090fa000002");
  add_controller("nvme2", "0000:05:00.0");
  add_disk(controllers / "nvme0/nvme0n1");
  add_disk(controllers / "nvme1/nvme1n1");
  fs::create_directories(controllers / "nvme0/nvme5c0n2");
  add_disk(fake_.root() / "class/block/nvme5n2");
  EXPECT_THAT(names(tree().disks), UnorderedElementsAre("nvme0n1", "nvme5n2"));
  replace_file(device() / "host7/fc_host/host7/port_name", "");
  EXPECT_THAT(tree().disks, IsEmpty());
}

}  // namespace
}  // namespace cluster::agent
