#include "node-agent/kernel/driver_nodes.h"

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

const PciAddress kPci{0, 2, 0, 0};

class DriverNodes : public ::testing::Test {
 protected:
  void add(const std::string& driver) {
    fake_.add({"0000:02:00.0", "0300", "10de:1c03", driver, 13});
  }

  // "/dev/nvidia0 c195:0"
  std::vector<std::string> nodes() const {
    std::vector<std::string> all;
    for (const auto& node : driver_nodes(fake_.sysfs(), proc_.root(), kPci)) {
      all.push_back(node.path + (node.number.type == S_IFBLK ? " b" : " c") +
                    std::to_string(node.number.major) + ":" + std::to_string(node.number.minor));
    }
    return all;
  }

  // "nvidia 195:0-253"
  std::vector<std::string> unplaced(const std::vector<DeviceNode>& known = {}) const {
    std::vector<std::string> all;
    for (const auto& range : unplaced_nodes(fake_.sysfs(), proc_.root(), kPci, known)) {
      all.push_back(range.name + " " + std::to_string(range.major) + ":" +
                    std::to_string(range.first) + "-" +
                    (range.last == ~0U ? "" : std::to_string(range.last)));
    }
    return all;
  }

  FakeSysfs fake_;
  FakeProc proc_;
};

TEST_F(DriverNodes, OfNvidiaAreFoundByTheMinorOfItsDriver) {
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

TEST_F(DriverNodes, OfNvidiaAreThoseOfItsMigSlicesToo) {
  proc_.file("devices", "195 nvidia\n237 nvidia-caps\n")
      .file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n")
      .file("driver/nvidia/capabilities/gpu0/mig/gi1/access", "DeviceFileMinor: 12\n")
      .file("driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access", "DeviceFileMinor: 13\n")
      .file("driver/nvidia/capabilities/gpu1/mig/gi1/access", "DeviceFileMinor: 99\n");
  EXPECT_THAT(nodes(),
              UnorderedElementsAre("/dev/nvidia0 c195:0", "/dev/nvidia-caps/nvidia-cap12 c237:12",
                                   "/dev/nvidia-caps/nvidia-cap13 c237:13"));
}

// With several GPUs, whoever uses one of them has its own node open too.
TEST_F(DriverNodes, OfTheOnlyNvidiaAreTheSharedOnesToo) {
  add("nvidia");
  fake_.add({"0000:02:00.1", "0403", "10de:10f1", "snd_hda_intel", 13});
  proc_.file("devices", "195 nvidia\n508 nvidia-uvm\n")
      .file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvidia0 c195:0", "/dev/nvidiactl c195:255",
                                   "/dev/nvidia-modeset c195:254", "/dev/nvidia-uvm c508:0",
                                   "/dev/nvidia-uvm-tools c508:1"));
  // One that is detached already is another one.
  fake_.add({"0000:03:00.0", "0302", "10de:1eb8", "vfio-pci", 14});
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvidia0 c195:0"));
}

TEST_F(DriverNodes, OfNvidiaWithoutAMinorAreThoseOfAnyGpu) {
  add("nvidia");
  EXPECT_THAT(unplaced(), ElementsAre("nvidia 195:0-253"));
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
  EXPECT_THAT(unplaced(), IsEmpty());
}

TEST_F(DriverNodes, OfASwitchAreFoundByItsInstance) {
  add("nvidia-nvswitch");
  proc_.file("devices", "Character devices:\n195 nvidia\n240 nvidia-nvswitch\n");
  EXPECT_THAT(unplaced(), ElementsAre("nvidia-nvswitch 240:0-254"));
  proc_.file("driver/nvidia-nvswitch/devices/0000:02:00.0/information",
             "Driver Version: 570.133.20\nDevice Instance: 2\n");
  EXPECT_THAT(nodes(), ElementsAre("/dev/nvidia-nvswitch2 c240:2"));
  EXPECT_THAT(unplaced(), IsEmpty());
}

TEST_F(DriverNodes, OfTheSecurityProcessorAreElsewhere) {
  replace_file(fake_.root() / "class/misc/sev/dev", "10:124\n");
  add("ccp");
  EXPECT_THAT(nodes(), ElementsAre("/dev/sev c10:124"));
  fake_.set_driver(kPci, "amdgpu");
  EXPECT_THAT(nodes(), IsEmpty());
}

// A driver that nobody here knows: its devices have its name, or that of its module.
TEST_F(DriverNodes, OfAnUnknownDriverAreThoseOfItsName) {
  add("acme-npu");
  proc_.file("devices",
             "Character devices:\n  1 mem\n240 acme_npu\n241 acme-npu-ctl\n242 acme-npux\n"
             "243 acme\n244 npucore0\n\nBlock devices:\n250 acme_npu\n");
  EXPECT_THAT(unplaced(), ElementsAre("acme_npu 240:0-", "acme-npu-ctl 241:0-"));
  EXPECT_THAT(unplaced({{"/dev/acme0", {S_IFCHR, 240, 0}, {}}}),
              ElementsAre("acme-npu-ctl 241:0-"));
  fs::create_directories(fake_.root() / "module/npucore");
  fs::create_directory_symlink(fake_.root() / "module/npucore",
                               fake_.sysfs().driver_path("acme-npu") / "module");
  EXPECT_THAT(unplaced(),
              UnorderedElementsAre("acme_npu 240:0-", "acme-npu-ctl 241:0-", "npucore0 244:0-"));
  fake_.set_driver(kPci, "vfio-pci");
  EXPECT_THAT(unplaced(), IsEmpty());
  fake_.set_driver(kPci, std::nullopt);
  EXPECT_THAT(unplaced(), IsEmpty());
}

TEST_F(DriverNodes, OfPartitionsThatKfdDoesNotNameMayBeOfAnyGpu) {
  add("amdgpu");
  const auto platform = fake_.root() / "bus/platform/devices";
  replace_file(platform / "amdgpu_xcp.0/drm/renderD129/dev", "226:129\n");
  replace_file(platform / "amdgpu_xcp.1/drm/renderD130/dev", "226:130\n");
  replace_file(platform / "amdgpu_xcp.1/drm/card2/dev", "226:2\n");
  const auto node = fake_.root() / "class/kfd/kfd/topology/nodes/1";
  replace_file(node / "gpu_id", "4711\n");
  replace_file(node / "properties", "location_id 512\ndrm_render_minor 130\n");
  EXPECT_THAT(unplaced(), ElementsAre("/dev/renderD129 226:129-129"));
}

// IMEX, GPUDirect Storage, GDRCopy and what comes next: of the only GPU, whatever has its number.
TEST_F(DriverNodes, OfTheOnlyNvidiaAreThoseOfTheModulesOnItsDriver) {
  add("nvidia");
  proc_
      .file("devices",
            "195 nvidia\n235 nvidia-caps-imex-channels\n236 gdrdrv\n237 nvidia-nvswitch\n"
            "238 acme\n509 nvidia-fs\n\nBlock devices:\n250 nvidia-disk\n")
      .file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
  EXPECT_THAT(unplaced(), ElementsAre("nvidia-caps-imex-channels 235:0-", "nvidia-fs 509:0-"));
  fs::create_directories(fake_.root() / "module/nvidia/holders/gdrdrv");
  EXPECT_THAT(unplaced(),
              ElementsAre("nvidia-caps-imex-channels 235:0-", "gdrdrv 236:0-", "nvidia-fs 509:0-"));
  fake_.add({"0000:03:00.0", "0302", "10de:1eb8", "vfio-pci", 14});
  EXPECT_THAT(unplaced(), IsEmpty()) << "who uses one of several has its own node open";
}

}  // namespace
}  // namespace cluster::agent
