#include "node-agent/kernel/device_nodes.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/file.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class DeviceNodes : public ::testing::Test {
 protected:
  DeviceNodes() { fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13}); }

  fs::path device() const { return fake_.sysfs().device_path(kVideo); }

  // A folder with `dev`, and with DEVNAME where the node's name is not that of the folder.
  void add(const fs::path& folder, const std::string& dev, const std::string& name = "") {
    replace_file(folder / "dev", dev + "\n");
    replace_file(folder / "uevent", "MAJOR=0\n" + (name.empty() ? "" : "DEVNAME=" + name + "\n"));
  }
  void make_block(const fs::path& folder) {
    fs::create_directories(fake_.root() / "class/block");
    fs::create_directory_symlink(fake_.root() / "class/block", folder / "subsystem");
  }

  // "/dev/dri/card0 c226:0"
  static std::vector<std::string> spelled(const std::vector<DeviceNode>& nodes) {
    std::vector<std::string> all;
    for (const auto& node : nodes) {
      all.push_back(node.path + (node.number.type == S_IFBLK ? " b" : " c") +
                    std::to_string(node.number.major) + ":" + std::to_string(node.number.minor));
    }
    return all;
  }
  std::vector<std::string> nodes() const {
    return spelled(device_nodes(fake_.sysfs(), proc_.root(), kVideo));
  }

  FakeSysfs fake_;
  FakeProc proc_;
};

TEST_F(DeviceNodes, AreNotTheFolderThatADiskOfBcacheNamesDev) {
  add(device() / "nvme/nvme0/nvme0n1", "259:0");
  fs::create_directories(device() / "nvme/nvme0/nvme0n1/bcache/dev");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvme0n1 c259:0"));
}

TEST_F(DeviceNodes, AreAllThatLieBelowTheFunction) {
  add(device() / "drm/card0", "226:0", "dri/card0");
  add(device() / "drm/card0/card0-DP-1/i2c-7", "89:7", "i2c-7");
  add(device() / "drm/renderD128", "226:128", "dri/renderD128");
  EXPECT_THAT(nodes(), UnorderedElementsAre("/dev/dri/card0 c226:0", "/dev/i2c-7 c89:7",
                                            "/dev/dri/renderD128 c226:128"));
}

// All functions of a bus that the function itself makes go with it.
TEST_F(DeviceNodes, AreThoseOfADomainOfItsOwnToo) {
  add(device() / "pci10000:e0/10000:e0:1d.0/10000:e1:00.0/nvme/nvme0", "240:0");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvme0 c240:0"));
}

TEST_F(DeviceNodes, AreNotThoseOfVfioOfInputsAndOfOtherFunctions) {
  add(device() / "vfio-dev/vfio0", "510:0");
  add(device() / "sound/card0/input12/event3", "13:67");
  add(device() / "power/x", "1:1");
  add(device() / "0000:03:00.0/drm/card1", "226:1");  // a function below a bridge
  add(fake_.root() / "elsewhere", "1:2");
  fs::create_directory_symlink(fake_.root() / "elsewhere", device() / "link");
  EXPECT_THAT(nodes(), IsEmpty());
}

TEST_F(DeviceNodes, AreCalledLikeTheirFolderWithoutAName) {
  add(device() / "misc/thing", "10:5");
  fs::remove(device() / "misc/thing/uevent");
  EXPECT_THAT(nodes(), ElementsAre("/dev/thing c10:5"));
}

TEST_F(DeviceNodes, AreNoneWhereDevIsNoNumber) {
  for (const auto* dev : {"", "226", "226:", ":0", "226:0:1", "a:b", "-1:0"}) {
    add(device() / "drm/card0", dev);
    EXPECT_THAT(nodes(), IsEmpty()) << dev;
  }
}

TEST_F(DeviceNodes, OfADiskAreBlockDevices) {
  add(device() / "nvme/nvme0", "240:0");
  add(device() / "nvme/nvme0/nvme0n1", "259:0");
  make_block(device() / "nvme/nvme0/nvme0n1");
  EXPECT_THAT(nodes(), UnorderedElementsAre("/dev/nvme0 c240:0", "/dev/nvme0n1 b259:0"));
}

// When there are several paths to one disk, the function has a path, nvme0c1n2, and no disk.
TEST_F(DeviceNodes, OfOnePathToADiskAreThoseOfTheDisk) {
  add(device() / "nvme/nvme1", "240:1");
  fs::create_directories(device() / "nvme/nvme1/nvme0c1n2");
  const auto disk = fake_.root() / "class/block/nvme0n2";
  add(disk, "259:4");
  add(disk / "nvme0n2p1", "259:5");
  make_block(disk);
  make_block(disk / "nvme0n2p1");
  EXPECT_THAT(nodes(), UnorderedElementsAre("/dev/nvme1 c240:1", "/dev/nvme0n2 b259:4",
                                            "/dev/nvme0n2p1 b259:5"));
}

// A USB controller: its bus, a camera, a serial port, and the keyboard of the console.
TEST_F(DeviceNodes, OfAUsbControllerAreThoseOfWhatIsPluggedIn) {
  const auto usb = device() / "usb3";
  add(usb, "189:256", "bus/usb/003/001");
  add(usb / "3-1", "189:257", "bus/usb/003/002");
  add(usb / "3-1/3-1:1.0/0003:046D:C31C.0001/input/input5/event3", "13:67", "input/event3");
  add(usb / "3-1/3-1:1.0/0003:046D:C31C.0001/hidraw/hidraw0", "240:0");
  add(usb / "3-2/3-2:1.0/video4linux/video0", "81:0");
  add(usb / "3-2/3-2:1.0/media0", "234:0");
  add(usb / "3-3/3-3:1.0/ttyUSB0/tty/ttyUSB0", "188:0");
  EXPECT_THAT(nodes(), UnorderedElementsAre(
                           "/dev/bus/usb/003/001 c189:256", "/dev/bus/usb/003/002 c189:257",
                           "/dev/input/event3 c13:67", "/dev/hidraw0 c240:0", "/dev/video0 c81:0",
                           "/dev/media0 c234:0", "/dev/ttyUSB0 c188:0"));
}

TEST_F(DeviceNodes, AreThoseOnAnyBusBelowTheFunction) {
  add(device() / "mlx5_core.rdma.0/infiniband_verbs/uverbs0", "231:192", "infiniband/uverbs0");
  add(device() / "virtio0/virtio-ports/vport0p1", "243:1");
  add(device() / "amdgpu_xcp.1/drm/renderD129", "226:129", "dri/renderD129");
  add(device() / "drm/card0/card0-HDMI-A-1/cec0", "242:0");
  EXPECT_THAT(nodes(),
              UnorderedElementsAre("/dev/infiniband/uverbs0 c231:192", "/dev/vport0p1 c243:1",
                                   "/dev/dri/renderD129 c226:129", "/dev/cec0 c242:0"));
}

TEST_F(DeviceNodes, OfAnAmdGpuAreKfdToo) {
  const auto kfd = fake_.root() / "class/kfd/kfd";
  add(kfd, "235:0", "kfd");
  EXPECT_THAT(nodes(), IsEmpty());
  replace_file(kfd / "topology/nodes/1/properties", "location_id 512\ndomain 0\n");
  replace_file(kfd / "topology/nodes/1/gpu_id", "4711\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/kfd c235:0"));
}

// The partitions of an MI300X are platform devices.
TEST_F(DeviceNodes, OfAnAmdGpuAreThoseOfItsPartitions) {
  const auto kfd = fake_.root() / "class/kfd/kfd";
  add(kfd, "235:0", "kfd");
  const auto partition = [&](const std::string& number, const std::string& location,
                             const std::string& minor) {
    replace_file(kfd / "topology/nodes" / number / "gpu_id", "471" + number + "\n");
    replace_file(kfd / "topology/nodes" / number / "properties",
                 "location_id " + location + "\ndomain 0\ndrm_render_minor " + minor + "\n");
  };
  add(device() / "drm/renderD128", "226:128", "dri/renderD128");
  partition("1", "512", "128");
  partition("2", "268435968", "129");
  partition("3", "536871424", "130");
  partition("4", "1024", "131");  // of another card
  const auto xcp = fake_.root() / "devices/platform/amdgpu_xcp.0/drm";
  add(xcp / "card1", "226:1", "dri/card1");
  add(xcp / "renderD129", "226:129", "dri/renderD129");
  fs::create_directories(fake_.root() / "class/drm");
  fs::create_directory_symlink(xcp / "renderD129", fake_.root() / "class/drm/renderD129");
  EXPECT_THAT(nodes(), UnorderedElementsAre("/dev/dri/renderD128 c226:128", "/dev/kfd c235:0",
                                            "/dev/dri/card1 c226:1", "/dev/dri/renderD129 c226:129",
                                            "/dev/dri/renderD130 c226:130"));
}

TEST_F(DeviceNodes, OfVfioAreTheGroupAndTheDevice) {
  add(fake_.root() / "class/vfio/13", "243:0", "vfio/13");
  add(device() / "vfio-dev/vfio7", "510:7", "vfio/devices/vfio7");
  EXPECT_THAT(spelled(vfio_nodes(fake_.sysfs(), kVideo)),
              ElementsAre("/dev/vfio/13 c243:0", "/dev/vfio/devices/vfio7 c510:7"));
}

TEST_F(DeviceNodes, OfVfioAreThoseOfTheGroupsOtherDevicesToo) {
  fake_.add({"0000:03:00.0", "0200", "8086:1521", "vfio-pci", 13});
  fake_.add({"0000:04:00.0", "0200", "8086:1521", "vfio-pci", 14});
  for (const std::string neighbour : {"3", "4"}) {
    add(fake_.root() / ("bus/pci/devices/0000:0" + neighbour + ":00.0/vfio-dev/vfio1"),
        "510:" + neighbour, "vfio/devices/vfio1");
  }
  EXPECT_THAT(spelled(vfio_nodes(fake_.sysfs(), kVideo)),
              ElementsAre("/dev/vfio/devices/vfio1 c510:3"));
}

TEST_F(DeviceNodes, OfVfioAreThoseOfAGroupWithoutAnIommuToo) {
  add(fake_.root() / "class/vfio/noiommu-13", "243:1", "vfio/noiommu-13");
  EXPECT_THAT(spelled(vfio_nodes(fake_.sysfs(), kVideo)),
              ElementsAre("/dev/vfio/noiommu-13 c243:1"));
}

TEST_F(DeviceNodes, OfVfioAreThoseOfSlicesAndVgpusToo) {
  fake_.add({"0000:02:00.1", "0300", "10de:1c03", "vfio-pci", 14});
  fs::create_directory_symlink(fake_.sysfs().device_path({0, 2, 0, 1}), device() / "virtfn0");
  add(fake_.root() / "class/vfio/14", "243:4", "vfio/14");
  const auto mdev = device() / "c2177883-f1bb-47f0-914d-32a22e3a8804";
  fs::create_directories(fake_.root() / "kernel/iommu_groups/77");
  fs::create_directories(mdev / "mdev_type");
  fs::create_directory_symlink(fake_.root() / "kernel/iommu_groups/77", mdev / "iommu_group");
  add(fake_.root() / "class/vfio/77", "243:9", "vfio/77");
  EXPECT_THAT(spelled(vfio_nodes(fake_.sysfs(), kVideo)),
              UnorderedElementsAre("/dev/vfio/14 c243:4", "/dev/vfio/77 c243:9"));
}

TEST_F(DeviceNodes, AreNoneOfAFunctionThatHasGone) {
  const PciAddress gone{0, 9, 0, 0};
  EXPECT_THAT(device_nodes(fake_.sysfs(), proc_.root(), gone), IsEmpty());
  EXPECT_THAT(vfio_nodes(fake_.sysfs(), gone), IsEmpty());
}

}  // namespace
}  // namespace cluster::agent
