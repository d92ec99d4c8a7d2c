#include "node-agent/kernel/machine.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

class Machine : public ::testing::Test {
 protected:
  IommuKind kind() const { return iommu_kind(fake_.root(), proc_.root()); }
  std::optional<bool> remaps(const std::string& lines) {
    proc_.file("interrupts", "            CPU0       CPU1\n" + lines);
    return remaps_interrupts(proc_.root());
  }

  FakeSysfs fake_;
  FakeProc proc_;
};

constexpr const char* kArm = "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n";

TEST_F(Machine, IsToldByItsProcessor) {
  const std::vector<std::pair<const char*, IommuKind>> processors{
      {"vendor_id\t: GenuineIntel\n", IommuKind::intel},
      {"vendor_id\t: CentaurHauls\n", IommuKind::intel},
      {"vendor_id\t:   Shanghai  \n", IommuKind::intel},
      {"vendor_id\t: GenuineTMx86\n", IommuKind::x86},
      {"vendor_id\t: AuthenticAMD\n", IommuKind::amd},
      {"vendor_id\t: HygonGenuine\n", IommuKind::amd},
      {"processor\t: 0\nflags\t\t: fpu vmx\n", IommuKind::x86},
      {kArm, IommuKind::arm},
      {"cpu\t\t: POWER9 (raw), altivec supported\n", IommuKind::other},
      {"", IommuKind::other}};
  for (const auto& [text, expected] : processors) {
    proc_.file("cpuinfo", text);
    EXPECT_EQ(kind(), expected) << text;
  }
}

// A VM may have the IOMMU of another maker than its processor.
TEST_F(Machine, IsToldByItsIommuFirst) {
  proc_.file("cpuinfo", "vendor_id\t: AuthenticAMD\n");
  replace_file(fake_.root() / "firmware/acpi/tables/DMAR", "x");
  EXPECT_EQ(kind(), IommuKind::intel);
  replace_file(fake_.root() / "class/iommu/ivhd0/x", "");
  EXPECT_EQ(kind(), IommuKind::amd) << "what the kernel uses counts more than a table";
  std::filesystem::remove_all(fake_.root() / "class/iommu/ivhd0");
  replace_file(fake_.root() / "class/iommu/dmar0/x", "");
  EXPECT_EQ(kind(), IommuKind::intel);
  std::filesystem::remove(proc_.root() / "cpuinfo");
  std::filesystem::remove_all(fake_.root() / "class/iommu/dmar0");
  replace_file(fake_.root() / "class/iommu/smmu3.0x0000000005000000/x", "");
  EXPECT_EQ(kind(), IommuKind::arm);
}

TEST_F(Machine, IsToldByTheTablesOfItsFirmware) {
  const auto tables = fake_.root() / "firmware/acpi/tables";
  replace_file(tables / "IORT", "x");
  EXPECT_EQ(kind(), IommuKind::arm);
  proc_.file("cpuinfo", "vendor_id\t: GenuineIntel\n");
  EXPECT_EQ(kind(), IommuKind::intel);
  replace_file(tables / "IVRS", "x");
  replace_file(fake_.root() / "class/iommu/other0/x", "");  // of no family that is known
  EXPECT_EQ(kind(), IommuKind::amd);
  replace_file(tables / "DMAR", "x");
  proc_.file("cpuinfo", kArm);
  EXPECT_EQ(kind(), IommuKind::arm);
}

TEST_F(Machine, HasWordsForEachFamily) {
  for (const auto kind :
       {IommuKind::intel, IommuKind::amd, IommuKind::x86, IommuKind::arm, IommuKind::other}) {
    EXPECT_TRUE(turn_on(kind).starts_with("turn on ")) << turn_on(kind);
    EXPECT_EQ(kernel_words(kind).empty(), kind == IommuKind::other);
    EXPECT_EQ(kernel_words(kind).find("intel_iommu=on") != std::string_view::npos,
              turn_on(kind).find("VT-d") != std::string_view::npos);
  }
  EXPECT_NE(turn_on(IommuKind::amd).find("AMD-Vi"), std::string_view::npos);
}

// No word of one family is said of another.
TEST_F(Machine, HasWordsOfItsOwn) {
  for (const auto kind : {IommuKind::arm, IommuKind::other}) {
    for (const auto text : {turn_on(kind), kernel_words(kind)}) {
      for (const auto* word : {"VT-d", "AMD", "intel", "iommu=pt"}) {
        EXPECT_EQ(text.find(word), std::string_view::npos) << text;
      }
    }
  }
  EXPECT_EQ(kernel_words(IommuKind::arm), "iommu.passthrough=1");
  EXPECT_EQ(kernel_words(IommuKind::amd), "iommu=pt");
  EXPECT_EQ(turn_on(IommuKind::intel).find("AMD"), std::string_view::npos);
}

TEST_F(Machine, RemapsInterruptsWhereALineSaysSo) {
  proc_.file("cpuinfo", "vendor_id\t: GenuineIntel\n");
  for (const auto* line : {"  24:  1  0  IR-PCI-MSI 327680-edge  xhci_hcd\n",
                           "  24:  1  0  IR-PCI-MSIX-0000:01:00.0    0-edge  nvme0q0\n",
                           "   1:  0  9  IR-IO-APIC    1-edge      i8042\n"}) {
    EXPECT_EQ(remaps(line), true) << line;
    EXPECT_EQ(remaps("  30:  0  0  DMAR-MSI  0-edge  dmar0\n" + std::string(line)), true);
    EXPECT_EQ(remaps("  25:  0  0  PCI-MSI 4096-edge  AMD-Vi\n" + std::string(line)), true);
  }
  for (const auto* line :
       {"  24:  1  0  PCI-MSI 327680-edge  xhci_hcd\n", "  24:  1  0  PCI-MSI-edge  eth0\n",
        "  24:  1  0  PCI-MSIX-0000:01:00.0    0-edge  nvme0q0\n"}) {
    EXPECT_EQ(remaps(line), false) << line;
  }
  for (const auto* line :
       {"", "NMI:  0  0  PCI-MSI\n", "  24  1  0  PCI-MSI 327680-edge  xhci_hcd\n",
        "NMI:  0  0  Non-maskable interrupts\n", "  25:  0  0  PCI-MSI 4096-edge  AMD-Vi\n",
        "  30:  0  0  DMAR-MSI  0-edge  dmar0\n",
        "  40:  0  0  PCI-MSIX-10000:e1:00.0  0-edge  nvme0q0\n",
        "  40:  0  0  xen-pirq  -msi  eth0\n", "nonsense\n", ":::\n  1:\n"}) {
    EXPECT_EQ(remaps(line), std::nullopt) << line;
  }
  std::filesystem::remove(proc_.root() / "interrupts");
  EXPECT_EQ(remaps_interrupts(proc_.root()), std::nullopt);
}

TEST_F(Machine, RemapsInterruptsOfArmByItsIts) {
  proc_.file("cpuinfo", kArm);
  EXPECT_EQ(remaps(" 30:  1  0   ITS-MSI 524288 Edge  nvme0q0\n"), true);
  EXPECT_EQ(remaps(" 30:  1  0   ITS-PCI-MSIX-0009:01:00.0   0 Edge  nvidia\n"), true);
  EXPECT_EQ(remaps(" 30:  1  0   GICv2m-PCI-MSI-0000:01:00.0   0 Edge  eth0\n"), false);
  EXPECT_EQ(remaps(" 11:  1  0   GICv3  27 Level  arch_timer\n"), std::nullopt);
}

}  // namespace
}  // namespace cluster::agent
