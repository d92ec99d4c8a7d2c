#include "node-agent/kernel/machine.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

std::optional<IommuKind> shown(const fs::path& sysfs) {
  for (const auto& entry : entries_quietly(sysfs / "class/iommu")) {
    const auto name = entry.filename().native();
    if (name.starts_with("dmar")) return IommuKind::intel;
    if (name.starts_with("ivhd")) return IommuKind::amd;
    if (has(name, "smmu")) return IommuKind::arm;
  }
  std::error_code missing;
  const auto tables = sysfs / "firmware/acpi/tables";
  if (fs::exists(tables / "DMAR", missing)) return IommuKind::intel;
  if (fs::exists(tables / "IVRS", missing)) return IommuKind::amd;
  return std::nullopt;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

// The chip of a line of /proc/interrupts: "IR-PCI-MSI-0000:00:1f.2"; "" of a line that is none of a
// device. The IOMMU's own interrupts are never remapped.
std::string_view chip_of(std::string_view line) {
  if (has(line, "AMD-Vi") || has(line, "DMAR") || has(line, "dmar")) return {};
  auto rest = trim(line);
  const auto word = [&rest] {
    const auto found = rest.substr(0, rest.find_first_of(" \t"));
    rest = trim(rest.substr(found.size()));
    return found;
  };
  const auto number = word();
  if (!number.ends_with(':') || !is_number(number.substr(0, number.size() - 1))) return {};
  auto chip = word();
  while (is_number(chip)) chip = word();
  return chip;
}

// Intel's VMD remaps what is below it by itself: "PCI-MSIX-10000:e1:00.0".
bool is_below_vmd(std::string_view chip) {
  const auto colon = chip.find(':');
  if (colon == std::string_view::npos) return false;
  const auto begin = chip.rfind('-', colon) + 1;
  return colon - begin > 4;
}

}  // namespace

IommuKind processor(std::string_view cpuinfo) {
  if (has(cpuinfo, "CPU implementer")) return IommuKind::arm;
  // Zhaoxin's processors have VT-d, Hygon's AMD-Vi.
  for (const auto* vendor : {"GenuineIntel", "CentaurHauls", "Shanghai"}) {
    if (has(cpuinfo, vendor)) return IommuKind::intel;
  }
  for (const auto* vendor : {"AuthenticAMD", "HygonGenuine"}) {
    if (has(cpuinfo, vendor)) return IommuKind::amd;
  }
  const bool x86 = has(cpuinfo, "vendor_id") || has("\n" + std::string(cpuinfo), "\nflags");
  return x86 ? IommuKind::x86 : IommuKind::other;
}

IommuKind iommu_kind(const fs::path& sysfs, const fs::path& proc) {
  const auto cpu = processor(read_all_quietly(proc / "cpuinfo"));
  if (cpu == IommuKind::arm) return cpu;
  if (const auto kind = shown(sysfs)) return *kind;
  std::error_code missing;
  const bool arm =
      cpu == IommuKind::other && fs::exists(sysfs / "firmware/acpi/tables/IORT", missing);
  return arm ? IommuKind::arm : cpu;
}

std::string_view turn_on(IommuKind kind) {
  switch (kind) {
    case IommuKind::intel:
      return "turn on VT-d in the firmware, and boot with intel_iommu=on";
    case IommuKind::amd:
      return "turn on AMD-Vi (IOMMU) in the firmware, and boot without amd_iommu=off";
    case IommuKind::x86:
      return "turn on VT-d or AMD-Vi in the firmware, on Intel boot with intel_iommu=on";
    case IommuKind::arm:
      return "turn on the SMMU in the firmware, which has to tell the kernel of it";
    case IommuKind::other:
      break;
  }
  return "turn on the IOMMU in the firmware";
}

std::string_view kernel_words(IommuKind kind) {
  switch (kind) {
    case IommuKind::intel:
    case IommuKind::x86:
      return "intel_iommu=on iommu=pt";
    case IommuKind::amd:
      return "iommu=pt";
    case IommuKind::arm:
      return "iommu.passthrough=1";
    case IommuKind::other:
      break;
  }
  return "";
}

std::optional<bool> remaps_interrupts(const fs::path& proc) {
  const bool arm = processor(read_all_quietly(proc / "cpuinfo")) == IommuKind::arm;
  const auto text = read_all_quietly(proc / "interrupts");
  bool plain = false;
  for (const auto line : split(text, '\n')) {
    const auto chip = chip_of(line);
    if (chip.starts_with("IR-") || chip.starts_with("ITS-")) return true;
    plain = plain || (arm ? has(chip, "v2m") : chip.starts_with("PCI-MSI") && !is_below_vmd(chip));
  }
  return plain ? std::optional(false) : std::nullopt;
}

}  // namespace cluster::agent
