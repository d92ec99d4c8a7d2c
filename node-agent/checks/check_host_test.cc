#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CheckHost : public CheckedHost {};

TEST_F(CheckHost, OfTheHost) {
  EXPECT_EQ(check("H1"), "FAIL there is no /dev/kvm; modprobe kvm_intel");
  set_host("class/misc/kvm/dev", "10:232\n");
  EXPECT_EQ(check("H1"), "PASS /dev/kvm is there");
  EXPECT_THAT(check("H2"), StartsWith("FAIL there are IOMMU groups and no IOMMU; turn on VT-d"));
  set_host("class/iommu/dmar0/x", "");
  EXPECT_EQ(check("H2"), "PASS the IOMMU is on");
  EXPECT_EQ(check("H3"), "UNKNOWN vfio is not loaded; modprobe vfio-pci");
  set_host("class/vfio/x", "");
  EXPECT_THAT(check("H3"), StartsWith("PASS"));
  set_host("module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
  EXPECT_THAT(check("H3"), StartsWith("FAIL vfio is in no-IOMMU mode"));
  EXPECT_THAT(check("H4"), StartsWith("UNKNOWN "));
  EXPECT_THAT(check("H7"), StartsWith("FAIL neither vfio_iommu_type1 nor iommufd"));
  set_host("module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
  EXPECT_EQ(check("H3"), "PASS vfio needs an IOMMU");
  set_host("class/vfio/noiommu-0/x", "");
  EXPECT_THAT(check("H3"), StartsWith("FAIL vfio has noiommu-0, which nothing isolates; "));
  set_host("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
  EXPECT_THAT(check("H4"), StartsWith("UNKNOWN ")) << "it has to be remapped, and is it?";
  EXPECT_EQ(check("H7"), "PASS vfio-pci is loaded");
  set_host("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
  EXPECT_THAT(check("H4"), StartsWith("WARN a VM may send any interrupt"));
  EXPECT_THAT(check("H8"), HasSubstr("; depmod"));
  libvirt_version_ = 10'000'000;
  EXPECT_THAT(check("H8"), StartsWith("FAIL there is no "));
  EXPECT_THAT(check("H8"), HasSubstr("libvirt 10.0.0 starts no VM with a card then; depmod"));
  libvirt_version_ = 9'010'001;
  EXPECT_THAT(check("H8"), StartsWith("WARN there is no "));
  EXPECT_THAT(check("H8"), HasSubstr("libvirt 9.10.1 does not read it; depmod"));
  libvirt_version_.reset();
  EXPECT_THAT(check("H8"), HasSubstr("libvirt does not answer here; depmod"));
  set_host("modules/6.1.0-test/modules.alias", "");
  EXPECT_THAT(check("H8"), StartsWith("PASS"));
  proc_.process(812, "libvirtd").file("812/stat", "812 (libvirtd) S 1");
  EXPECT_THAT(check("H9"), StartsWith("PASS"));
  proc_.file("812/stat", "812 (libvirtd) D 1");
  EXPECT_THAT(check("H9"), StartsWith("FAIL process 812 ('libvirtd') is stuck in the kernel"));
  proc_.file("812/stat", "812 (libvirtd) S 1").file("812/task/815/stat", "815 (rpc-worker) D 1");
  EXPECT_THAT(check("H9"), StartsWith("FAIL process 812 ('libvirtd') is stuck in the kernel"));
}

TEST_F(CheckHost, ReadsWhetherInterruptsAreRemapped) {
  set_host("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
  proc_.file("interrupts", "      CPU0\n 24:  1  IR-PCI-MSI 327680-edge  xhci_hcd\n");
  EXPECT_EQ(check("H4"), "PASS the interrupts of devices are remapped");
  proc_.file("interrupts", "      CPU0\n 24:  1  PCI-MSI 327680-edge  xhci_hcd\n");
  const auto failed = check("H4");
  EXPECT_THAT(failed, StartsWith("FAIL no interrupt is remapped"));
  for (const auto* word : {"firmware", "unsafe", "allow_unsafe_interrupts=1"}) {
    EXPECT_THAT(failed, ::testing::HasSubstr(word)) << "both ways out are named";
  }
  set_host("module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
  EXPECT_THAT(check("H4"), StartsWith("WARN a VM may send any interrupt to the host"));
  proc_.file("interrupts", "      CPU0\n 24:  1  IR-PCI-MSI 327680-edge  xhci_hcd\n");
  EXPECT_THAT(check("H4"), StartsWith("PASS")) << "the option allows nothing that happens";
}

// No word of another family of processors is said.
TEST_F(CheckHost, SpeaksOfTheProcessorThatThereIs) {
  std::filesystem::remove_all(fake_.root() / "kernel/iommu_groups");
  for (const auto* cpuinfo : {"processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n",
                              "cpu\t\t: POWER9 (raw), altivec supported\n"}) {
    proc_.file("cpuinfo", cpuinfo);
    const auto said = check("H1") + check("H2") + check("H4") + check("H5");
    for (const auto* word : {"VT-", "AMD", "SVM", "intel", "x2APIC"}) {
      EXPECT_THAT(said, ::testing::Not(::testing::HasSubstr(word))) << cpuinfo;
    }
    EXPECT_THAT(check("H1"), StartsWith("FAIL there is no /dev/kvm; "));
  }
  proc_.file("cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm\n");
  EXPECT_THAT(check("H2"), StartsWith("FAIL the IOMMU is off; turn on AMD-Vi"));
  proc_.file("cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: fpu\n");
  EXPECT_EQ(check("H1"), "FAIL the CPU shows no virtualization; turn on VT-x in the firmware");
}

TEST_F(CheckHost, SaysWhichSwitchOfTheFirmwareTurnsOnVirtualization) {
  proc_.file("cpuinfo", "flags\t\t: fpu svm sse\n");
  EXPECT_EQ(check("H1"), "FAIL there is no /dev/kvm; modprobe kvm_amd");
  proc_.file("cpuinfo", "model name\t: vmx svm\nflags\t\t: fpu sse\n");
  EXPECT_EQ(check("H1"),
            "FAIL the CPU shows no virtualization; turn on VT-x or SVM in the firmware");
  std::filesystem::remove(proc_.root() / "cpuinfo");
  EXPECT_EQ(check("H1"), "UNKNOWN there is no /proc/cpuinfo; mount -t proc proc /proc");
}

TEST_F(CheckHost, WantsGroupsAndAnIommuThatMakesThem) {
  set_host("class/iommu/dmar0/x", "");
  EXPECT_EQ(check("H2"), "PASS the IOMMU is on");
  std::filesystem::remove_all(fake_.root() / "kernel/iommu_groups");
  EXPECT_THAT(check("H2"), StartsWith("FAIL the IOMMU is off; turn on VT-d in the firmware"));
}

// Another task may wait for a disk. A task that binds a driver is known by its program, or by its
// place in the kernel, which root can see.
TEST_F(CheckHost, KnowsATaskThatIsStuckWhileBinding) {
  proc_.process(812, "dd").file("812/stat", "812 (dd) D 1");
  EXPECT_THAT(check("H9"), StartsWith("PASS"));
  proc_.file("812/stack", "[<0>] wait_for_completion\n[<0>] unbind_store+0x1/0x2\n");
  EXPECT_EQ(
      check("H9"),
      "FAIL process 812 ('dd') is stuck in the kernel; if it stays so, only a reboot ends it");
  proc_.file("812/stat", "812 (a) D b) S 1");
  EXPECT_THAT(check("H9"), StartsWith("PASS")) << "the name may hold a parenthesis";
  proc_.process(813, "x'); reboot").file("813/stat", "813 (x'); reboot) D 1");
  proc_.file("813/stack", "nv_pci_remove\n");
  EXPECT_THAT(check("H9"), StartsWith("FAIL process 813 ('x\\x27); reboot') is stuck"));
}

}  // namespace
}  // namespace cluster::agent
