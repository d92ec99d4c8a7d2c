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

const PciAddress kVideo{0, 2, 0, 0};

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

TEST_F(DeviceNodes, OfNvidiaAreFoundByTheMinorOfItsDriver) {
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information",
             "Model: \t x\nDevice Minor: \t 3\nGPU UUID: y\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvidia3 c195:3"));  // 195 is assigned to it
  proc_.file("devices", "Character devices:\n  1 mem\n240 nvidia\n\nBlock devices:\n  8 sd\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvidia3 c240:3"));
  proc_.file("devices", "Character devices:\n241 nvidia-frontend\n240 nvidia\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvidia3 c241:3"));
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t unknown\n");
  EXPECT_THAT(nodes(), IsEmpty());
}

TEST_F(DeviceNodes, OfNvidiaAreThoseOfItsMigSlicesToo) {
  proc_.file("devices", "195 nvidia\n237 nvidia-caps\n")
      .file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n")
      .file("driver/nvidia/capabilities/gpu0/mig/gi1/access", "DeviceFileMinor: 12\n")
      .file("driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access", "DeviceFileMinor: 13\n")
      .file("driver/nvidia/capabilities/gpu1/mig/gi1/access", "DeviceFileMinor: 99\n");
  EXPECT_THAT(nodes(),
              UnorderedElementsAre("/dev/nvidia0 c195:0", "/dev/nvidia-caps/nvidia-cap12 c237:12",
                                   "/dev/nvidia-caps/nvidia-cap13 c237:13"));
}

TEST_F(DeviceNodes, OfAnAmdGpuAreKfdToo) {
  const auto kfd = fake_.root() / "class/kfd/kfd";
  add(kfd, "235:0", "kfd");
  EXPECT_THAT(nodes(), IsEmpty());
  replace_file(kfd / "topology/nodes/1/properties", "location_id 512\ndomain 0\n");
  replace_file(kfd / "topology/nodes/1/gpu_id", "4711\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/kfd c235:0"));
}

TEST_F(DeviceNodes, OfVfioAreTheGroupAndTheDevice) {
  add(fake_.root() / "class/vfio/13", "243:0", "vfio/13");
  add(device() / "vfio-dev/vfio7", "510:7", "vfio/devices/vfio7");
  EXPECT_THAT(spelled(vfio_nodes(fake_.sysfs(), kVideo)),
              ElementsAre("/dev/vfio/13 c243:0", "/dev/vfio/devices/vfio7 c510:7"));
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
