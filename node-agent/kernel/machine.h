#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace cluster::agent {

/// Whose IOMMU the host has, which says what it is called and how it is turned on.
enum class IommuKind {
  intel,  ///< VT-d
  amd,    ///< AMD-Vi
  x86,    ///< one of the two
  arm,    ///< SMMU
  other,  ///< that of POWER, s390, RISC-V, ...
};

/// The IOMMU that the kernel shows (class/iommu), else the one that the firmware's tables name
/// (DMAR, IVRS, IORT), else the one of the processor (`sysfs` is /sys, `proc` is /proc). The tables
/// come before the processor: a VM may have an IOMMU of Intel on a processor of AMD.
IommuKind iommu_kind(const std::filesystem::path& sysfs, const std::filesystem::path& proc);

/// The kind by the processor alone, by the text of /proc/cpuinfo.
IommuKind processor(std::string_view cpuinfo);

/// How the IOMMU is turned on: "turn on the SMMU in the firmware".
std::string_view turn_on(IommuKind kind);

/// The words of the kernel's command line that turn the IOMMU on and let the host's own devices by
/// it, "intel_iommu=on iommu=pt" (Documentation/admin-guide/kernel-parameters.txt); "" when there
/// are none.
std::string_view kernel_words(IommuKind kind);

/// True if the interrupts of devices are remapped, so that vfio lets a VM have them. False if not.
/// Nothing when /proc/interrupts (in `proc`) does not tell. x86 names a remapped chip IR-PCI-MSI.
/// On arm64 the GIC ITS does it for every device.
std::optional<bool> remaps_interrupts(const std::filesystem::path& proc);

}  // namespace cluster::agent
