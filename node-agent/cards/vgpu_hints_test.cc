#include "node-agent/cards/vgpu_hints.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

class VgpuHints : public ::testing::Test {
 protected:
  void add(const std::string& id, const std::optional<std::string>& driver) {
    fake_.add({"0000:02:00.0", "0302", id, driver, 13});
  }
  void set(const std::string& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0" / attribute, text);
  }
  std::string why() {
    std::string text;
    const auto card = find_cards(fake_.sysfs(), settings_).front();
    for (const auto& hint : why_no_vgpus(card, fake_.sysfs(), settings_)) {
      text += message(hint) + "\n";
    }
    return text;
  }

  FakeSysfs fake_;
  Settings settings_;
};

TEST_F(VgpuHints, NameBothCausesOfACardWithSriov) {
  add("10de:26b9", "nvidia");
  set("sriov_totalvfs", "32\n");
  set("sriov_numvfs", "0\n");
  EXPECT_EQ(why(),
            "the driver nvidia of gpupci1 is not the vGPU manager; install NVIDIA's vGPU manager, "
            "the driver for hosts of vGPUs (vgpu-kvm)\n"
            "gpupci1 has none of its 32 virtual functions, which the vGPUs are made on; gpupci "
            "--vfs gpupci1 32\n");
  std::filesystem::create_directories(fake_.root() / "module/nvidia_vgpu_vfio");
  EXPECT_EQ(why(),
            "gpupci1 has none of its 32 virtual functions, which the vGPUs are made on; gpupci "
            "--vfs gpupci1 32\n");
  set("sriov_numvfs", "32\n");
  fake_.add({"0000:02:00.4", "0302", "10de:26b9", std::nullopt, 14});
  std::filesystem::create_directory_symlink("../0000:02:00.4",
                                            fake_.root() / "bus/pci/devices/0000:02:00.0/virtfn0");
  std::filesystem::create_directory_symlink("../0000:02:00.0",
                                            fake_.root() / "bus/pci/devices/0000:02:00.4/physfn");
  EXPECT_THAT(why(), ::testing::StartsWith(
                         "NVIDIA's vGPU manager offers no type on gpupci1 now; where vGPUs are to "
                         "be made on MIG, turn it on (nvidia-smi -i 0000:02:00.0 -mig 1) and make "
                         "instances (gpupci --create-vgpu gpupci1 PROFILE); else "));
}

TEST_F(VgpuHints, NameTheDriverThatMakesNone) {
  const std::map<std::optional<std::string>, std::string> words{
      {std::nullopt, "no driver has gpupci1; "},
      {"vfio-pci", "vfio-pci has gpupci1 for VMs as a whole; gpupci -a gpupci1"},
      {"nouveau", "nouveau makes no vGPUs; "},
      {"amdgpu", "amdgpu makes no vGPUs; "},
      {"other", "no driver of the host makes mediated devices (/sys/class/mdev_bus is missing); "},
  };
  add("10de:1eb8", std::nullopt);
  for (const auto& [driver, text] : words) {
    fake_.set_driver({0, 2, 0, 0}, driver);
    EXPECT_THAT(why(), ::testing::StartsWith(text));
  }
}

TEST_F(VgpuHints, NameAMissingIommu) {
  fake_.add({"0000:02:00.0", "0302", "10de:1eb8", "nvidia", std::nullopt});
  EXPECT_THAT(why(), ::testing::StartsWith("gpupci1 is in no IOMMU group; turn on the IOMMU (H2)"));
}

}  // namespace
}  // namespace cluster::agent
