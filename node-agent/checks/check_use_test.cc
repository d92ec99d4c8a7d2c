#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CheckUse : public CheckedHost {};

TEST_F(CheckUse, AskTheGuards) {
  proc_.file("self/mountinfo", "").file("net/route", "").file("iomem", "");
  proc_.file("driver/nvidia/gpus/0000:02:00.0/information", "");
  proc_.file("driver/nvidia/version",
             "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03\n");
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    set(std::filesystem::path(function) / "resource", "0xe0000000 0xefffffff 0x14220c\n");
  }
  set("0000:02:00.0/boot_vga", "0\n");
  for (const auto* id : {"D6", "D7", "D8", "D9", "D10", "D11", "D22"}) {
    EXPECT_THAT(check(id), StartsWith("PASS")) << id;
  }
  proc_.file("iomem", "00000000-00000000 : BOOTFB\n");  // a user other than root sees this
  EXPECT_THAT(check("D8"), StartsWith("UNKNOWN only root sees in /proc/iomem"));
  proc_.file("iomem", "e1000000-e12fffff : BOOTFB\n");
  EXPECT_THAT(check("D8"), StartsWith("FAIL the firmware's framebuffer (BOOTFB) is in region 0"));
  set("0000:02:00.0/boot_vga", "1\n");
  EXPECT_THAT(check("D7"), StartsWith("WARN the firmware starts with 0000:02:00.0"));
  set("0000:02:00.0/drm/card0/dev", "1:3\n");
  set("0000:02:00.0/drm/card0/uevent", "DEVNAME=dri/card0\n");
  proc_.process(812, "Xorg").open(812, 9, "/dev/null");
  EXPECT_EQ(check("D9"), "FAIL process 812 ('Xorg') has /dev/dri/card0 open; stop it (kill 812)");
  EXPECT_EQ(check("V1"), "PASS no running VM has it");
  vm_devices_ = std::vector<virt::VmDevice>{{"rocks-33", "0000:02:00.1"}};
  EXPECT_EQ(check("V1"),
            "FAIL VM 'rocks-33' runs with it (libvirt says 0000:02:00.1); virsh shutdown rocks-33");
  vm_devices_.reset();
  EXPECT_EQ(check("V1"), "UNKNOWN libvirt does not answer; systemctl status libvirtd may tell why");
  set("0000:02:00.0/sriov_numvfs", "2\n");
  EXPECT_THAT(check("D22"), StartsWith("FAIL 0000:02:00.0 has 2 active virtual functions; end"));
}

TEST_F(CheckUse, OfTheDriver) {
  proc_.file("driver/nvidia/version",
             "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03\n");
  EXPECT_EQ(check("D11"), "PASS NVIDIA driver 535 can be unbound");
  proc_.file("driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  595.10\n");
  EXPECT_THAT(check("D11"), StartsWith("WARN NVIDIA driver 595 never comes back"));
  set_host("module/nvidia_drm/parameters/fbdev", "Y\n");
  EXPECT_THAT(check("D10"), StartsWith("PASS")) << "the driver may, and has made no framebuffer";
  set("0000:02:00.0/graphics/fb0/name", "nvidia-drmdrmfb\n");
  EXPECT_THAT(check("D10"), StartsWith("FAIL nvidia_drm draws the console"));
  EXPECT_THAT(check("D12"), StartsWith("PASS"));
  fake_.set_driver_override({0, 2, 0, 1}, "pci-stub");
  EXPECT_THAT(check("D12"), StartsWith("WARN 0000:02:00.1 is kept for driver 'pci-stub'; echo >"));
  EXPECT_THAT(check("D13"), StartsWith("UNKNOWN"));
  set_host("modules/6.1.0-test/modules.alias",
           "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
           "alias vfio_pci:v000010DEd00001E07sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n");
  EXPECT_EQ(check("D13"), "PASS nvgrace_gpu_vfio_pci is made for 0000:02:00.0");
  fake_.set_driver({0, 2, 0, 0}, "nvgrace_gpu_vfio_pci");
  EXPECT_EQ(check("D13"), "PASS nvgrace_gpu_vfio_pci is made for 0000:02:00.0 and has it");
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_THAT(check("D13"), StartsWith("WARN nvgrace_gpu_vfio_pci is made for 0000:02:00.0"));
}

TEST_F(CheckUse, SaysWhenADriverIsPrescribed) {
  EXPECT_EQ(check("D12"), "PASS no other driver is prescribed");
  fake_.set_driver_override({0, 2, 0, 0}, "vfio-pci");
  EXPECT_THAT(check("D12"), StartsWith("WARN 0000:02:00.0 is kept for driver 'vfio-pci'; echo >"))
      << "a host driver has it";
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_THAT(check("D12"), StartsWith("PASS")) << "it is detached";
}

TEST_F(CheckUse, CountsTheReasonsThatItDoesNotShow) {
  fake_.add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  fake_.add({"0000:04:00.0", "0200", "8086:100e", "e1000", 13});
  EXPECT_THAT(check("D4"), StartsWith("FAIL 0000:03:00.0 (class 0200, driver e1000) shares IOMMU "
                                      "group 13 with it (and 1 more); put the card"));
}

TEST_F(CheckUse, WantsTheTablesThatItsAnswerRestsOn) {
  EXPECT_THAT(check("D6"), HasSubstr("self/mountinfo; mount -t proc proc /proc"));
  proc_.file("self/mountinfo", "");
  EXPECT_THAT(check("D6"), HasSubstr("net/route; mount -t proc proc /proc"));
  proc_.file("net/route", "");
  EXPECT_EQ(check("D6"), "PASS the host has neither a disk nor its network on it");
}

TEST_F(CheckUse, KnowsNoNodeOfACardWithoutTheWordOfNvidiasDriver) {
  EXPECT_THAT(check("D9"), StartsWith("UNKNOWN NVIDIA's driver does not tell which /dev/nvidiaN"));
  fake_.set_driver({0, 2, 0, 0}, "nouveau");
  EXPECT_EQ(check("D9"), "PASS no program has it open");
}

TEST_F(CheckUse, ReadsTheVersionOfNvidiasDriver) {
  EXPECT_THAT(check("D11"), HasSubstr("driver/nvidia/version shows no version; modinfo"));
  for (const auto* line : {"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  "
                           "Release Build\n",
                           "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1\n"}) {
    proc_.file("driver/nvidia/version", line);
    EXPECT_EQ(check("D11"), "PASS NVIDIA driver 570 can be unbound");
  }
  fake_.set_driver({0, 2, 0, 0}, "vfio-pci");
  EXPECT_EQ(check("D11"), "PASS its driver can be unbound");
}

TEST_F(CheckUse, TellsOfASilentLibvirtInV1Alone) {
  vm_devices_.reset();
  EXPECT_THAT(check("V1"), StartsWith("UNKNOWN libvirt does not answer"));
  fake_.set_driver({0, 2, 0, 0}, "nouveau");
  EXPECT_EQ(check("D9"), "PASS no program has it open") << "that is not libvirt's to say";
}

}  // namespace
}  // namespace cluster::agent
